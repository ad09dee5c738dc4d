import type { BatchLoader, Loader, LoadManyOptions, LoadOptions } from '../contract/cache.js';
import type { CacheEvents } from '../contract/events.js';
import type { Leases } from '../load/leases.js';
import { LoadLimiter } from '../load/load-limiter.js';
import { type FlightToLoad, LoadPath } from '../load/load-path.js';
import type { GroupLoader } from '../load/load-run.js';
import { Flight, type FlightOutcome } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import { assertFunction, assertList } from '../parts/arguments.js';
import { type CallSettings, settingsOf } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { RemoteEntry, SlotResult } from '../remote/remote-entry.js';
import { EarlyRefresh } from './early-refresh.js';
import { inOrder } from './in-order.js';
import { waitForFlight } from './wait-for-flight.js';

/** A caller asks again when the flight that it joined turns out to be older than itself; after three tries it takes the value. */
const MAX_TRIES = 3;
const DEFAULT_CONCURRENT_LOADS = 256;

/** Cache-aside for one key or many: memory, then Redis, then a flight (own or joined), then a stale value. */
export class GetOrLoad {
  readonly #path: LoadPath;
  readonly #earlyRefresh: EarlyRefresh;
  /** Settings of a call without options. */
  #defaults: CallSettings | undefined;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    leases: Leases | undefined,
  ) {
    const { maxConcurrentLoads } = namespace.defaults;
    const limiter = new LoadLimiter(maxConcurrentLoads ?? DEFAULT_CONCURRENT_LOADS, parts.clock);
    this.#path = new LoadPath(parts, namespace, stats, leases, limiter);
    this.#earlyRefresh = new EarlyRefresh(parts.clock);
  }

  /** Contains the whole hot path: a memory hit allocates nothing and returns a promise that is resolved already. */
  one<T>(key: string, loader: Loader<T>, options: LoadOptions<T> | undefined): Promise<T> {
    if (options?.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
    if (options?.consistency === undefined || options.consistency === 'cached') {
      const { memory, clock } = this.parts;
      const nowMs = clock.nowMs();
      const entry = memory.fresh(this.namespace.memoryKey(key), nowMs);
      if (entry !== undefined) {
        this.stats.hit(key, 'memory');
        const beta = options?.earlyRefreshBeta ?? this.namespace.defaults.earlyRefreshBeta;
        if (beta !== undefined && this.#earlyRefresh.isDue(entry, nowMs, beta))
          this.#refreshEarly(
            [{ key, seenStoredAtMs: entry.remoteStoredAtMs }],
            toGroup(key, loader),
            this.#settingsOf(options),
          );
        return entry.promise as Promise<T>;
      }
    }
    return this.#readOne(key, loader, this.#settingsOf(options)) as Promise<T>;
  }

  async many<T>(
    keys: readonly string[],
    loader: BatchLoader<T>,
    options: LoadManyOptions<T> | undefined,
  ): Promise<Map<string, T>> {
    assertList('keys', keys);
    assertFunction('loader', loader);
    const settings = this.#settingsOf(options);
    settings.signal?.throwIfAborted();
    const group: GroupLoader = async (missing, context) => loader(missing, context);
    const values = new Map<string, T>();
    const onValue = (
      key: string,
      { value, isAbsent }: { readonly value: unknown; readonly isAbsent: boolean },
    ): void => {
      if (!isAbsent) values.set(key, value as T);
    };
    const due: DueEntry[] = [];
    const notInMemory = this.#readMemory(keys, settings, onValue, due);
    const missing = await this.#readRedis(notInMemory, settings, onValue, due);
    settings.signal?.throwIfAborted();
    if (due.length > 0) this.#refreshEarly(due, group, settings);
    const waits: Promise<void>[] = [];
    const own: FlightToLoad[] = [];
    for (const [key, read] of missing) {
      const { flight, isOwn } = this.#flightOf(key, settings, read.entry);
      if (isOwn) own.push(toLoad(flight, read));
      waits.push(this.#awaitFlight(key, flight, isOwn, group, settings).then((outcome) => onValue(key, outcome)));
    }
    if (own.length > 0) void this.#path.run({ flights: own, loader: group, settings, kind: 'load' });
    await allSettledThenThrow(waits);
    return inOrder(keys, values);
  }

  #settingsOf(options: LoadManyOptions<never> | undefined): CallSettings {
    return options === undefined
      ? (this.#defaults ??= settingsOf(this.namespace, undefined))
      : settingsOf(this.namespace, options);
  }

  /** Redis, where it may be asked, then a load. A hit runs nothing but this; `await` restores the caller's async context. */
  async #readOne(key: string, loader: Loader<unknown>, settings: CallSettings): Promise<unknown> {
    assertFunction('loader', loader);
    if (!this.#asksRedis(key, settings)) return this.#load(key, loader, settings, NOT_READ);
    const result = await this.parts.remote!.read(settings.readContext, key, this.namespace.address(key));
    const entry = result?.entry;
    if (entry === undefined || entry.isStale) return this.#load(key, loader, settings, toOutcome(result));
    this.stats.hit(key, 'redis');
    if (this.#earlyRefresh.isDue(entry.header, entry.validatedAtMs, settings.earlyRefreshBeta))
      this.#refreshEarly([{ key, seenStoredAtMs: entry.header.storedAtMs }], toGroup(key, loader), settings);
    return entry.value;
  }

  async #load(key: string, loader: Loader<unknown>, settings: CallSettings, read: RemoteReadOutcome): Promise<unknown> {
    settings.signal?.throwIfAborted();
    const group = toGroup(key, loader);
    const { flight, isOwn } = this.#flightOf(key, settings, read.entry);
    if (isOwn) void this.#path.run({ flights: [toLoad(flight, read)], loader: group, settings, kind: 'load' });
    return (await this.#awaitFlight(key, flight, isOwn, group, settings)).value;
  }

  /** Redis is not asked about a key that another caller loads already, if its result may be shared. */
  #asksRedis(key: string, { usesRedis, consistency }: CallSettings): boolean {
    const { remote, flights } = this.parts;
    if (remote === undefined || !usesRedis) return false;
    const memoryKey = this.namespace.memoryKey(key);
    if (consistency === 'strict') return remote.mayRead(memoryKey);
    if (consistency !== 'cached' || !remote.mayRead(memoryKey)) return false;
    // During an early refresh the entry in Redis is still fresh.
    return flights.joinable(memoryKey) === undefined || this.#earlyRefresh.isRunning(memoryKey);
  }

  /** Hands over the values in memory and returns the other keys, each once. */
  #readMemory(keys: readonly string[], settings: CallSettings, onValue: ValueListener, due: DueEntry[]): string[] {
    const notInMemory: string[] = [];
    const nowMs = this.parts.clock.nowMs();
    for (const key of new Set(keys)) {
      const entry =
        settings.consistency === 'cached' ? this.parts.memory.fresh(this.namespace.memoryKey(key), nowMs) : undefined;
      if (entry === undefined) {
        notInMemory.push(key);
        continue;
      }
      this.stats.hit(key, 'memory');
      if (this.#earlyRefresh.isDue(entry, nowMs, settings.earlyRefreshBeta))
        due.push({ key, seenStoredAtMs: entry.remoteStoredAtMs });
      onValue(key, entry);
    }
    return notInMemory;
  }

  /** Hands over the fresh values in Redis and returns the other keys, with what their reads found. */
  async #readRedis(
    keys: readonly string[],
    settings: CallSettings,
    onValue: ValueListener,
    due: DueEntry[],
  ): Promise<(readonly [key: string, read: RemoteReadOutcome])[]> {
    const toAsk: string[] = [];
    const missing: (readonly [string, RemoteReadOutcome])[] = [];
    for (const key of keys) {
      if (this.#asksRedis(key, settings)) toAsk.push(key);
      else missing.push([key, NOT_READ]);
    }
    if (toAsk.length === 0) return missing;
    const addresses = toAsk.map((key) => this.namespace.address(key));
    const results = await this.parts.remote!.readMany(settings.readContext, toAsk, addresses);
    toAsk.forEach((key, i) => {
      const entry = results[i]?.entry;
      if (entry === undefined || entry.isStale) return missing.push([key, toOutcome(results[i])]);
      this.stats.hit(key, 'redis');
      if (this.#earlyRefresh.isDue(entry.header, entry.validatedAtMs, settings.earlyRefreshBeta))
        due.push({ key, seenStoredAtMs: entry.header.storedAtMs });
      onValue(key, entry);
    });
    return missing;
  }

  /** The flight to wait for: a running one that may be joined, or a new one. */
  #flightOf(key: string, settings: CallSettings, entry: RemoteEntry | undefined): { flight: Flight; isOwn: boolean } {
    const { flights } = this.parts;
    const memoryKey = this.namespace.memoryKey(key);
    if (settings.consistency === 'cached') {
      const running = flights.joinable(memoryKey);
      if (running !== undefined) {
        this.stats.coalesced(key, 'local');
        this.#offerStale(running, settings, entry);
        return { flight: running, isOwn: false };
      }
    }
    const flight = this.#newFlight(key, memoryKey);
    this.#offerStale(flight, settings, entry);
    flights.add(flight, settings.consistency === 'cached' || settings.consistency === 'refresh');
    return { flight, isOwn: true };
  }

  /** Offers a value within its grace, from Redis or memory, for when the loader fails or is slow. */
  #offerStale(flight: Flight, settings: CallSettings, entry: RemoteEntry | undefined): void {
    if (flight.stale !== undefined) return;
    const { fence, memory, clock } = this.parts;
    // Compared with the mark taken before the read, not with the flight's, which is later: callers who join must not be
    // served a value that was invalidated between the two.
    if (entry?.snapshot !== undefined && !entry.isAbsent && fence.isUnchanged(flight.memoryKey, entry.fenceMark)) {
      flight.offerStale({ view: entry.view(), snapshot: entry.snapshot });
      return;
    }
    if (settings.consistency !== 'cached') return;
    const nowMs = clock.nowMs();
    const stale = memory.stale(flight.memoryKey, nowMs);
    if (stale === undefined || stale.isAbsent || stale.freshUntilMs > nowMs) return;
    flight.offerStale({ view: memory.view(stale, nowMs), snapshot: stale.snapshot });
  }

  #newFlight(key: string, memoryKey: string): Flight {
    const { table, fence } = this.parts;
    return new Flight({
      key,
      memoryKey,
      snapshot: table.snapshot(this.namespace.generations),
      sequence: table.sequence,
      fenceMark: fence.mark(),
      address: () => this.namespace.address(key),
    });
  }

  /** Waits for a flight and decides what its caller gets. */
  async #awaitFlight(
    key: string,
    flight: Flight,
    isOwn: boolean,
    loader: GroupLoader,
    settings: CallSettings,
    tries = 1,
  ): Promise<FlightOutcome> {
    const joinedSequence = this.parts.table.sequence;
    let outcome: FlightOutcome;
    try {
      const waited = await waitForFlight(flight, settings, this.parts.clock, () => this.#mayServeStale(flight));
      if (waited === 'take-stale')
        return this.#serveStale(key, flight, settings.softTimeoutMs === 0 ? 'revalidating' : 'loader-slow');
      outcome = waited;
    } catch (error) {
      if (settings.signal?.aborted === true || flight.isAbandoned || !this.#mayServeStale(flight)) throw error;
      return this.#serveStale(key, flight, 'loader-failed');
    }
    const isOlderThanCaller = outcome.hasLateChange && !isOwn && joinedSequence !== flight.startSequence;
    if (!isOlderThanCaller || tries >= MAX_TRIES) return outcome;
    const next = this.#flightOf(key, settings, undefined);
    if (next.isOwn) void this.#path.run({ flights: [toLoad(next.flight, NOT_READ)], loader, settings, kind: 'load' });
    return this.#awaitFlight(key, next.flight, next.isOwn, loader, settings, tries + 1);
  }

  /** True if there is a stale value, and none of its dependencies was invalidated since it was found. */
  #mayServeStale({ stale, memoryKey, fenceMark }: Flight): boolean {
    if (stale === undefined) return false;
    const { fence, table } = this.parts;
    return fence.isUnchanged(memoryKey, fenceMark) && table.check(stale.snapshot) !== 'invalidated';
  }

  #serveStale(key: string, flight: Flight, reason: CacheEvents['staleServed']['reason']): FlightOutcome {
    this.stats.stale(key, reason);
    return { value: flight.stale!.view.value, isAbsent: false, hasLateChange: false };
  }

  /** Reloads entries in the background, with one call of the loader. */
  #refreshEarly(entries: readonly DueEntry[], loader: GroupLoader, settings: CallSettings): void {
    const flights: FlightToLoad[] = [];
    for (const { key, seenStoredAtMs } of entries) {
      const memoryKey = this.namespace.memoryKey(key);
      if (this.parts.flights.joinable(memoryKey) !== undefined || this.#earlyRefresh.isBackingOff(memoryKey)) continue;
      const flight = this.#newFlight(key, memoryKey);
      this.parts.flights.add(flight, true);
      this.#earlyRefresh.run(memoryKey, flight.outcome);
      flights.push({ flight, seenStoredAtMs, isRemoteSilent: false });
    }
    if (flights.length > 0) void this.#path.run({ flights, loader, settings, kind: 'early-refresh' });
  }
}

/** An entry that is due to be refreshed before it expires. */
interface DueEntry {
  readonly key: string;
  /** Stored-at in Redis time. If another instance has reloaded the entry since, its value is taken. */
  readonly seenStoredAtMs: number | undefined;
}

/** Called with every value that a batch read finds, and with the absences that are remembered. */
type ValueListener = (key: string, found: { readonly value: unknown; readonly isAbsent: boolean }) => void;

/** What a read of Redis found, for the load that follows. */
interface RemoteReadOutcome {
  /** A stale entry. */
  readonly entry: RemoteEntry | undefined;
  readonly seenStoredAtMs: number | undefined;
  readonly isRemoteSilent: boolean;
}

const NOT_READ: RemoteReadOutcome = { entry: undefined, seenStoredAtMs: undefined, isRemoteSilent: false };

/** @param result `undefined`: Redis did not answer. */
function toOutcome(result: SlotResult | undefined): RemoteReadOutcome {
  return { entry: result?.entry, seenStoredAtMs: result?.seenStoredAtMs, isRemoteSilent: result === undefined };
}

function toLoad(flight: Flight, { seenStoredAtMs, isRemoteSilent }: RemoteReadOutcome): FlightToLoad {
  return { flight, seenStoredAtMs, isRemoteSilent };
}

function toGroup<T>(key: string, loader: Loader<T>): GroupLoader {
  return async (_keys, context) => new Map([[key, await loader(context)]]);
}

/** Waits for all: one failure must not leave the others without a handler. */
async function allSettledThenThrow(waits: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
