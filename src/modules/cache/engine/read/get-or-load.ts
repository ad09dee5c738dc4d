import type { BatchLoader, Loader, LoadManyOptions, LoadOptions } from '../contract/cache.js';
import { LoadCycleError } from '../contract/errors.js';
import { FailureThrottle } from '../load/failure-throttle.js';
import type { Leases } from '../load/leases.js';
import { LoadLimiter } from '../load/load-limiter.js';
import { LoadPath } from '../load/load-path.js';
import type { FlightToLoad } from '../load/lease-step.js';
import type { GroupLoader } from '../load/load-run.js';
import { RunningLoad } from '../load/running-load.js';
import { Flight, type FlightOutcome } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import { assertFunction, assertList } from '../parts/arguments.js';
import { type CallSettings, settingsOf } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import { EarlyRefresh } from './early-refresh.js';
import { inOrder } from './in-order.js';
import { allSettledThenThrow } from './all-settled.js';
import { NOT_READ, type RemoteReadOutcome, toOutcome } from './remote-read-outcome.js';
import { LateAnswers } from './late-answers.js';
import { StaleValues } from './stale-values.js';
import { waitForFlight } from './wait-for-flight.js';

/** A caller asks again when the flight that it joined turns out to be older than itself; after three tries it takes the value. */
const MAX_TRIES = 3;
const DEFAULT_CONCURRENT_LOADS = 256;
/** A caller that has joined a load of this instance waits until its loader has run for so long. */
const DEFAULT_MAX_JOINED_MS = 60_000;

/** Cache-aside for one key or many: memory, then Redis, then a flight (own or joined), then a stale value. */
export class GetOrLoad {
  readonly #path: LoadPath;
  readonly #staleValues: StaleValues;
  readonly #lateAnswers: LateAnswers;
  readonly #earlyRefresh: EarlyRefresh;
  readonly #maxJoinedMs: number;
  /** Settings of a call without options. */
  #defaults: CallSettings | undefined;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    leases: Leases | undefined,
  ) {
    const { maxConcurrentLoads, maxLoadMs } = namespace.defaults;
    this.#maxJoinedMs = maxLoadMs ?? DEFAULT_MAX_JOINED_MS;
    const limiter = new LoadLimiter(maxConcurrentLoads ?? DEFAULT_CONCURRENT_LOADS, parts.clock);
    const throttle = new FailureThrottle(parts.clock);
    this.#staleValues = new StaleValues(parts, namespace, stats, throttle);
    this.#lateAnswers = new LateAnswers(parts, stats, this.#staleValues);
    this.#path = new LoadPath(parts, namespace, stats, leases, limiter, throttle);
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
    const toLoad = missing.filter(([key, read]) => {
      const throttled = this.#staleValues.serveThrottled(key, settings, read.entry);
      if (throttled !== undefined) onValue(key, throttled);
      return throttled === undefined;
    });
    for (const [key] of toLoad) this.#assertNoCycle(key, settings);
    const waits: Promise<void>[] = [];
    const own: Record<'load' | 'crossing', FlightToLoad[]> = { load: [], crossing: [] };
    for (const [key, read] of toLoad) {
      const { flight, kind } = this.#flightOf(key, settings, read);
      if (kind !== 'joined') own[kind].push(toFlight(flight, read));
      waits.push(this.#awaitFlight(key, flight, kind, group, settings).then((outcome) => onValue(key, outcome)));
    }
    for (const kind of ['load', 'crossing'] as const)
      if (own[kind].length > 0) void this.#path.run({ flights: own[kind], loader: group, settings, kind });
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
    const throttled = this.#staleValues.serveThrottled(key, settings, read.entry);
    if (throttled !== undefined) return throttled.value;
    this.#assertNoCycle(key, settings);
    return (await this.#loadOrJoin(key, toGroup(key, loader), settings, read, 1)).value;
  }

  /** Waits for the flight of the key, and starts it if there is none. */
  #loadOrJoin(
    key: string,
    loader: GroupLoader,
    settings: CallSettings,
    read: RemoteReadOutcome,
    tries: number,
  ): Promise<FlightOutcome> {
    const { flight, kind } = this.#flightOf(key, settings, read);
    // The wait is known before the loader runs: see RunningLoad.
    const outcome = this.#awaitFlight(key, flight, kind, loader, settings, tries);
    if (kind !== 'joined') void this.#path.run({ flights: [toFlight(flight, read)], loader, settings, kind });
    return outcome;
  }

  /** @throws LoadCycleError if a load around this call loads the key. */
  #assertNoCycle(key: string, { consistency }: CallSettings): void {
    if (consistency === 'bypass') return;
    const chain = RunningLoad.current()?.chainTo(this.parts.flights, this.namespace.memoryKey(key));
    if (chain !== undefined) throw new LoadCycleError([...chain, `${this.namespace.name}:${key}`]);
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
  #flightOf(
    key: string,
    settings: CallSettings,
    { entry, late }: RemoteReadOutcome,
  ): { flight: Flight; kind: 'joined' | 'load' | 'crossing' } {
    const { flights } = this.parts;
    const memoryKey = this.namespace.memoryKey(key);
    const running = settings.consistency === 'cached' ? flights.joinable(memoryKey) : undefined;
    const isCrossing = running !== undefined && RunningLoad.current()?.isAwaitedBy(running) === true;
    if (running !== undefined && !isCrossing) {
      this.stats.coalesced(key, 'local');
      this.#staleValues.offer(running, settings, entry);
      if (late !== undefined) this.#lateAnswers.race(running, settings, late);
      return { flight: running, kind: 'joined' };
    }
    const flight = this.#newFlight(key, memoryKey);
    this.#staleValues.offer(flight, settings, entry);
    if (late !== undefined) this.#lateAnswers.race(flight, settings, late);
    flights.add(flight, !isCrossing && (settings.consistency === 'cached' || settings.consistency === 'refresh'));
    return { flight, kind: isCrossing ? 'crossing' : 'load' };
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
    kind: 'joined' | 'load' | 'crossing',
    loader: GroupLoader,
    settings: CallSettings,
    tries = 1,
  ): Promise<FlightOutcome> {
    const joinedSequence = this.parts.table.sequence;
    const load = RunningLoad.current();
    load?.beginWait(flight);
    let outcome: FlightOutcome | 'overdue';
    try {
      const { clock } = this.parts;
      const overdue = kind === 'joined' ? flight.overdue(clock, this.#maxJoinedMs) : undefined;
      const waited = await waitForFlight(flight, settings, clock, () => this.#staleValues.mayServe(flight), overdue);
      if (waited === 'take-stale')
        return this.#staleValues.serve(flight, settings.softTimeoutMs === 0 ? 'revalidating' : 'loader-slow');
      outcome = waited;
    } catch (error) {
      if (settings.signal?.aborted === true || flight.isAbandoned || !this.#staleValues.mayServe(flight)) throw error;
      return this.#staleValues.serve(flight, 'loader-failed');
    } finally {
      load?.endWait(flight);
    }
    if (outcome === 'overdue') {
      // It may wait for this caller in a way that can't be seen. Those that have joined share a new flight.
      flight.detach();
      return this.#loadOrJoin(key, loader, settings, NOT_READ, tries);
    }
    const isOlderThanCaller = outcome.hasLateChange && kind === 'joined' && joinedSequence !== flight.startSequence;
    if (!isOlderThanCaller || tries >= MAX_TRIES) return outcome;
    return this.#loadOrJoin(key, loader, settings, NOT_READ, tries + 1);
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

function toFlight(flight: Flight, { seenStoredAtMs, isRemoteSilent }: RemoteReadOutcome): FlightToLoad {
  return { flight, seenStoredAtMs, isRemoteSilent };
}

function toGroup<T>(key: string, loader: Loader<T>): GroupLoader {
  return async (_keys, context) => new Map([[key, await loader(context)]]);
}
