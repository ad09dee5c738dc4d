import type { BatchLoader, Loader, LoadManyOptions, LoadOptions } from '../contract/cache.js';
import type { Core } from '../parts/engine-parts.js';
import type { CacheEvents } from '../contract/events.js';
import { Flight, type Outcome } from '../local/flight.js';
import type { Examined, Found } from '../remote/remote-entry.js';
import { LoadGate } from '../load/load-limiter.js';
import { LoadPath, type Missing } from '../load/load-path.js';
import type { GroupLoader } from '../load/load-run.js';
import { type LoadSettings, settingsOf } from '../parts/call-settings.js';
import type { LeaseBook } from '../load/leases.js';
import { waitFor } from './wait-for-flight.js';
import { inOrder } from './read-path.js';
import { RefreshRefusals } from './early-refresh-backoff.js';
import type { Scope } from '../names/namespace.js';

/** A caller asks again when what it joined turned out to be older than it; more often than this is no coincidence. */
const MAX_TRIES = 3;
const DEFAULT_CONCURRENT_LOADS = 256;

/** Cache-aside for one key or many: memory, then a flight (own or joined), then what is stale if that fails or is slow. */
export class GetOrLoad {
  readonly #path: LoadPath;
  readonly #refusals: RefreshRefusals;
  /** What a call without options gets. */
  #defaults: LoadSettings | undefined;

  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
    leases: LeaseBook | undefined,
  ) {
    this.#refusals = new RefreshRefusals(core.clock);
    this.#path = new LoadPath(
      core,
      scope,
      leases,
      new LoadGate(scope.defaults.maxConcurrentLoads ?? DEFAULT_CONCURRENT_LOADS, core.clock),
    );
  }

  /** The hot path is all in here: a memory hit allocates nothing and answers a promise that is already resolved. */
  one<T>(key: string, loader: Loader<T>, options: LoadOptions<T> | undefined): Promise<T> {
    if (options?.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
    if (options?.consistency === undefined || options.consistency === 'cached') {
      const { memory, clock } = this.core;
      const nowMs = clock.nowMs();
      const entry = memory.fresh(this.scope.memoryKey(key), nowMs);
      if (entry !== undefined) {
        this.#countHit(key, 'memory');
        const beta = options?.earlyRefreshBeta ?? this.scope.defaults.earlyRefreshBeta;
        if (beta !== undefined && beta > 0 && isDueEarly(entry.loadMs, entry.freshUntilMs, nowMs, beta)) {
          this.#refreshEarly(key, toGroup(key, loader), this.#settingsOf(options), entry.remoteStoredAtMs);
        }
        return entry.promise as Promise<T>;
      }
    }
    return this.#read(key, loader, this.#settingsOf(options)) as Promise<T>;
  }

  async many<T>(
    keys: readonly string[],
    loader: BatchLoader<T>,
    options: LoadManyOptions<T> | undefined,
  ): Promise<Map<string, T>> {
    const settings = this.#settingsOf(options);
    settings.signal?.throwIfAborted();
    const group: GroupLoader = async (missing, context) => loader(missing, context);
    const values = new Map<string, T>();
    const rest: string[] = [];
    const nowMs = this.core.clock.nowMs();
    for (const key of new Set(keys)) {
      const entry =
        settings.consistency === 'cached' ? this.core.memory.fresh(this.scope.memoryKey(key), nowMs) : undefined;
      if (entry === undefined) rest.push(key);
      else {
        this.#countHit(key, 'memory');
        if (!entry.isAbsent) values.set(key, entry.value as T);
      }
    }
    const missing = await this.#readMany(rest, settings, (key, found) => {
      if (!found.isAbsent) values.set(key, found.value as T);
    });
    settings.signal?.throwIfAborted();
    const waits: Promise<void>[] = [];
    const own: Missing[] = [];
    for (const { key, ...read } of missing) {
      const { flight, isOwn } = this.#flightOf(key, settings, read.found);
      if (isOwn) own.push({ flight, seen: read.seen, isRemoteSilent: read.isRemoteSilent });
      waits.push(
        this.#land(key, flight, isOwn, group, settings).then((outcome) => {
          if (!outcome.isAbsent) values.set(key, outcome.value as T);
        }),
      );
    }
    if (own.length > 0) void this.#path.run(own, group, settings, 'load');
    await allSettledThenThrow(waits);
    return inOrder(keys, values);
  }

  #settingsOf(options: LoadManyOptions<never> | undefined): LoadSettings {
    return options === undefined
      ? (this.#defaults ??= settingsOf(this.scope, undefined))
      : settingsOf(this.scope, options);
  }

  /** Redis, where it may be asked, then a load. A hit takes nothing but this; the caller's context comes back with the `await`. */
  async #read(key: string, loader: Loader<unknown>, settings: LoadSettings): Promise<unknown> {
    if (!this.#asksRemote(key, settings)) return this.#load(key, loader, settings, UNREAD);
    const examined = await this.core.remote!.read(settings.reading, key, this.scope.address(key));
    const found = examined?.found;
    if (found === undefined || found.isStale) return this.#load(key, loader, settings, leftOver(examined));
    this.#countHit(key, 'redis');
    if (settings.earlyRefreshBeta > 0) this.#refreshEarlyIfDue(key, found, loader, settings);
    return found.value;
  }

  async #load(key: string, loader: Loader<unknown>, settings: LoadSettings, read: Read): Promise<unknown> {
    settings.signal?.throwIfAborted();
    const group = toGroup(key, loader);
    const { flight, isOwn } = this.#flightOf(key, settings, read.found);
    if (isOwn) void this.#path.run([{ flight, ...read }], group, settings, 'load');
    return (await this.#land(key, flight, isOwn, group, settings)).value;
  }

  /** Not for what another caller loads already, whose result can be had. */
  #asksRemote(key: string, { usesRedis, consistency }: LoadSettings): boolean {
    const { remote, flights } = this.core;
    if (remote === undefined || !usesRedis) return false;
    const memoryKey = this.scope.memoryKey(key);
    if (consistency === 'strict') return remote.mayRead(memoryKey);
    return consistency === 'cached' && remote.mayRead(memoryKey) && flights.joinable(memoryKey) === undefined;
  }

  /** Hands over what Redis has, and gives back the rest. */
  async #readMany(
    keys: readonly string[],
    settings: LoadSettings,
    onFound: (key: string, found: Found) => void,
  ): Promise<(Read & { key: string })[]> {
    const asked: string[] = [];
    const missing: (Read & { key: string })[] = [];
    for (const key of keys) {
      if (this.#asksRemote(key, settings)) asked.push(key);
      else missing.push({ key, ...UNREAD });
    }
    if (asked.length === 0) return missing;
    const addresses = asked.map((key) => this.scope.address(key));
    const examined = await this.core.remote!.readMany(settings.reading, asked, addresses);
    asked.forEach((key, i) => {
      const found = examined[i]?.found;
      if (found === undefined || found.isStale) missing.push({ key, ...leftOver(examined[i]) });
      else {
        this.#countHit(key, 'redis');
        onFound(key, found);
      }
    });
    return missing;
  }

  /** The flight to wait for: one that runs, where it may be joined, or a new one. */
  #flightOf(key: string, settings: LoadSettings, found: Found | undefined): { flight: Flight; isOwn: boolean } {
    const { flights, events } = this.core;
    const memoryKey = this.scope.memoryKey(key);
    if (settings.consistency === 'cached') {
      const running = flights.joinable(memoryKey);
      if (running !== undefined) {
        if (events.has('coalesced')) events.emit('coalesced', { cache: this.scope.name, key, scope: 'local' });
        this.#offerStale(running, settings, found);
        return { flight: running, isOwn: false };
      }
    }
    const flight = this.#newFlight(key, memoryKey);
    this.#offerStale(flight, settings, found);
    flights.add(flight, settings.consistency === 'cached' || settings.consistency === 'refresh');
    return { flight, isOwn: true };
  }

  /** A value within its grace, for when the loader fails or is slow. */
  #offerStale(flight: Flight, settings: LoadSettings, found: Found | undefined): void {
    if (flight.stale !== undefined) return;
    const { fence } = this.core;
    // The flight's own mark is younger than the read: others who join it must not get what was invalidated in between.
    if (found?.capture !== undefined && !found.isAbsent && fence.isUnchanged(flight.memoryKey, found.fenceMark))
      flight.offerStale(found.view(), found.capture);
    else if (settings.consistency === 'cached') {
      const nowMs = this.core.clock.nowMs();
      const stale = this.core.memory.stale(flight.memoryKey, nowMs);
      if (stale !== undefined && !stale.isAbsent && stale.freshUntilMs <= nowMs)
        flight.offerStale(this.core.memory.view(stale, nowMs), stale.capture);
    }
  }

  #newFlight(key: string, memoryKey: string): Flight {
    const { table, fence } = this.core;
    return new Flight(key, memoryKey, table.capture(this.scope.generations), table.sequence, fence.mark(), () =>
      this.scope.address(key),
    );
  }

  /** Waits for a flight and decides what its caller gets. */
  async #land(
    key: string,
    flight: Flight,
    isOwn: boolean,
    loader: GroupLoader,
    settings: LoadSettings,
    tries = 1,
  ): Promise<Outcome> {
    const joinedSequence = this.core.table.sequence;
    let outcome: Outcome;
    try {
      const waited = await waitFor(flight, settings, this.core.clock, () => this.#mayServeStale(flight));
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
    if (next.isOwn) void this.#path.run([{ flight: next.flight, ...UNREAD }], loader, settings, 'load');
    return this.#land(key, next.flight, next.isOwn, loader, settings, tries + 1);
  }

  /** There is a stale value, and nothing it depends on was invalidated since it was found. */
  #mayServeStale(flight: Flight): boolean {
    if (flight.staleCapture === undefined) return false;
    return (
      this.core.fence.isUnchanged(flight.memoryKey, flight.fenceMark) &&
      this.core.table.check(flight.staleCapture) !== 'invalidated'
    );
  }

  #serveStale(key: string, flight: Flight, reason: CacheEvents['staleServed']['reason']): Outcome {
    this.core.counters.staleHits++;
    this.core.events.emit('staleServed', { cache: this.scope.name, key, reason });
    return { value: flight.stale!.value, isAbsent: false, hasLateChange: false };
  }

  #refreshEarlyIfDue(key: string, found: Found, loader: Loader<unknown>, settings: LoadSettings): void {
    const { header } = found;
    if (isDueEarly(header.loadMs, header.freshUntilMs, found.judgedAtMs, settings.earlyRefreshBeta)) {
      this.#refreshEarly(key, toGroup(key, loader), settings, header.storedAtMs);
    }
  }

  /** Reloads in the background what was stored at `seen`; where another instance did already, its value is taken. */
  #refreshEarly(key: string, loader: GroupLoader, settings: LoadSettings, seen: number | undefined): void {
    const memoryKey = this.scope.memoryKey(key);
    if (this.core.flights.joinable(memoryKey) !== undefined || this.#refusals.has(memoryKey)) return;
    const flight = this.#newFlight(key, memoryKey);
    this.core.flights.add(flight, true);
    flight.outcome.catch(() => this.#refusals.add(memoryKey));
    void this.#path.run([{ flight, seen, isRemoteSilent: false }], loader, settings, 'early-refresh');
  }

  #countHit(key: string, tier: 'memory' | 'redis'): void {
    const { counters, events } = this.core;
    if (tier === 'memory') counters.memoryHits++;
    else counters.redisHits++;
    if (events.has('hit')) events.emit('hit', { cache: this.scope.name, key, tier });
  }
}

/** What a read of Redis left over. */
type Read = Omit<Missing, 'flight'> & { readonly found: Found | undefined };

const UNREAD: Read = { found: undefined, seen: undefined, isRemoteSilent: false };

/** `undefined`: Redis did not answer. */
function leftOver(examined: Examined | undefined): Read {
  return { found: examined?.found, seen: examined?.seenStoredAtMs, isRemoteSilent: examined === undefined };
}

/** XFetch: reload before expiry with a probability that grows as it nears, the sooner the longer a load takes. */
function isDueEarly(loadMs: number, freshUntilMs: number, nowMs: number, beta: number): boolean {
  return nowMs - loadMs * beta * Math.log(Math.random()) >= freshUntilMs;
}

function toGroup<T>(key: string, loader: Loader<T>): GroupLoader {
  return async (_keys, context) => new Map([[key, await loader(context)]]);
}

/** One failure must not leave the others unobserved. */
async function allSettledThenThrow(waits: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
