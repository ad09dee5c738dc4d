import type { BatchLoader, EntryView, Loader, LoadManyOptions, LoadOptions } from './cache.js';
import type { Core } from './core.js';
import type { CacheEvents } from './events.js';
import { Flight, type Outcome } from './flight.js';
import { type FlightKind, LoadPath } from './load-path.js';
import type { GroupLoader } from './load-run.js';
import { type LoadSettings, settingsOf } from './load-settings.js';
import type { LeaseBook } from './lease-book.js';
import type { MemoryEntry } from './memory-entry.js';
import { waitFor } from './patience.js';
import { inOrder } from './read-path.js';
import type { Scope } from './scope.js';

/** A caller asks again when what it joined turned out to be older than it; more often than this is no coincidence. */
const MAX_TRIES = 3;

/** Cache-aside for one key or many: memory, then a flight (own or joined), then what is stale if that fails or is slow. */
export class GetOrLoad {
  readonly #path: LoadPath;

  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
    leases: LeaseBook | undefined,
  ) {
    this.#path = new LoadPath(core, scope, leases);
  }

  /** The hot path is all in here: a memory hit allocates nothing and answers a promise that is already resolved. */
  one<T>(key: string, loader: Loader<T>, options: LoadOptions<T> | undefined): Promise<T> {
    if (options?.consistency === undefined || options.consistency === 'cached') {
      const { memory, clock, counters, events } = this.core;
      const nowMs = clock.nowMs();
      const entry = memory.fresh(this.scope.memoryKey(key), nowMs);
      if (entry !== undefined) {
        counters.memoryHits++;
        if (events.has('hit')) events.emit('hit', { cache: this.scope.name, key, tier: 'memory' });
        const beta = options?.earlyRefreshBeta ?? this.scope.defaults.earlyRefreshBeta;
        if (beta !== undefined && beta > 0 && isDueEarly(entry, nowMs, beta)) this.#refreshEarly(key, toGroup(key, loader), options);
        return entry.promise() as Promise<T>;
      }
    }
    return this.#load(key, toGroup(key, loader), settingsOf(this.scope, options)) as Promise<T>;
  }

  async many<T>(keys: readonly string[], loader: BatchLoader<T>, options: LoadManyOptions<T> | undefined): Promise<Map<string, T>> {
    const settings = settingsOf(this.scope, options);
    const group: GroupLoader = async (missing, context) => loader(missing, context);
    const found = new Map<string, T>();
    const waits: Promise<void>[] = [];
    const own: Flight[] = [];
    const nowMs = this.core.clock.nowMs();
    for (const key of new Set(keys)) {
      const entry = settings.consistency === 'cached' ? this.core.memory.fresh(this.scope.memoryKey(key), nowMs) : undefined;
      if (entry !== undefined) {
        this.#countMemoryHit(key);
        if (!entry.isAbsent) found.set(key, entry.value as T);
        continue;
      }
      const { flight, isOwn } = this.#flightOf(key, settings);
      if (isOwn) own.push(flight);
      waits.push(
        this.#land(key, flight, isOwn, group, settings).then((outcome) => {
          if (!outcome.isAbsent) found.set(key, outcome.value as T);
        }),
      );
    }
    if (own.length > 0) void this.#path.run(own, group, settings, 'load');
    await allSettledThenThrow(waits);
    return inOrder(keys, found);
  }

  async #load(key: string, loader: GroupLoader, settings: LoadSettings): Promise<unknown> {
    const { flight, isOwn } = this.#flightOf(key, settings);
    if (isOwn) void this.#path.run([flight], loader, settings, 'load');
    return (await this.#land(key, flight, isOwn, loader, settings)).value;
  }

  /** The flight to wait for: one that runs, where it may be joined, or a new one. */
  #flightOf(key: string, settings: LoadSettings): { flight: Flight; isOwn: boolean } {
    const { flights, events } = this.core;
    const memoryKey = this.scope.memoryKey(key);
    if (settings.consistency === 'cached') {
      const running = flights.joinable(memoryKey);
      if (running !== undefined) {
        if (events.has('coalesced')) events.emit('coalesced', { cache: this.scope.name, key, scope: 'local' });
        return { flight: running, isOwn: false };
      }
    }
    const flight = this.#newFlight(key, memoryKey);
    if (settings.consistency === 'cached') {
      const stale = this.core.memory.stale(memoryKey, this.core.clock.nowMs());
      if (stale !== undefined && stale.freshUntilMs <= this.core.clock.nowMs()) flight.offerStale(this.core.memory.view(stale));
    }
    if (settings.consistency === 'cached' || settings.consistency === 'refresh') flights.add(flight);
    return { flight, isOwn: true };
  }

  #newFlight(key: string, memoryKey: string): Flight {
    const { table, fence } = this.core;
    return new Flight(key, memoryKey, table.capture(this.scope.generations), table.sequence, fence.mark(memoryKey), () => this.scope.address(key));
  }

  /** Waits for a flight and decides what its caller gets. */
  async #land(key: string, flight: Flight, isOwn: boolean, loader: GroupLoader, settings: LoadSettings, tries = 1): Promise<Outcome> {
    const joinedSequence = this.core.table.sequence;
    try {
      const waited = await waitFor(flight, settings, this.core.clock);
      if (waited === 'take-stale') return this.#serveStale(key, flight.stale!, settings.softTimeoutMs === 0 ? 'revalidating' : 'loader-slow');
      const isOlderThanCaller = waited.hasLateChange && !isOwn && joinedSequence !== flight.startSequence;
      if (!isOlderThanCaller || tries >= MAX_TRIES) return waited;
    } catch (error) {
      if (flight.stale === undefined || settings.signal?.aborted === true || !this.#isStillValid(flight)) throw error;
      return this.#serveStale(key, flight.stale, 'loader-failed');
    }
    const next = this.#flightOf(key, settings);
    if (next.isOwn) void this.#path.run([next.flight], loader, settings, 'load');
    return this.#land(key, next.flight, next.isOwn, loader, settings, tries + 1);
  }

  /** Nothing the flight depends on was invalidated since, so its stale value may still be served. */
  #isStillValid(flight: Flight): boolean {
    return this.core.fence.isUnchanged(flight.memoryKey, flight.fenceMark) && this.core.table.check(flight.capture) !== 'invalidated';
  }

  #serveStale(key: string, view: EntryView<unknown>, reason: CacheEvents['staleServed']['reason']): Outcome {
    this.core.counters.staleHits++;
    this.core.events.emit('staleServed', { cache: this.scope.name, key, reason });
    return { value: view.value, isAbsent: false, hasLateChange: false };
  }

  #refreshEarly<T>(key: string, loader: GroupLoader, options: LoadOptions<T> | undefined): void {
    const memoryKey = this.scope.memoryKey(key);
    if (this.core.flights.joinable(memoryKey) !== undefined) return;
    const flight = this.#newFlight(key, memoryKey);
    const kind: FlightKind = 'early-refresh';
    this.core.flights.add(flight);
    void this.#path.run([flight], loader, settingsOf(this.scope, options as LoadManyOptions<never> | undefined), kind);
  }

  #countMemoryHit(key: string): void {
    this.core.counters.memoryHits++;
    if (this.core.events.has('hit')) this.core.events.emit('hit', { cache: this.scope.name, key, tier: 'memory' });
  }
}

/** XFetch: reload before expiry with a probability that grows as it nears, the sooner the longer a load takes. */
function isDueEarly(entry: MemoryEntry, nowMs: number, beta: number): boolean {
  return nowMs - entry.loadMs * beta * Math.log(Math.random()) >= entry.freshUntilMs;
}

function toGroup<T>(key: string, loader: Loader<T>): GroupLoader {
  return async (_keys, context) => new Map([[key, await loader(context)]]);
}

/** One failure must not leave the others unobserved. */
async function allSettledThenThrow(waits: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
