import type { BatchLoader, Loader, LoadManyOptions, LoadOptions } from '../contract/cache.js';
import { FailureThrottle } from '../load/failure-throttle.js';
import type { Leases } from '../load/leases.js';
import { LoadLimiter } from '../load/load-limiter.js';
import { LoadPath } from '../load/load-path.js';
import type { GroupLoader } from '../load/load-run.js';
import type { Namespace } from '../names/namespace.js';
import { assertFunction, assertList } from '../parts/arguments.js';
import { type CallSettings, settingsOf } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import { EarlyRefresh } from './early-refresh.js';
import { type DueEntry, FlightJoiner, type KeyToLoad } from './flight-joiner.js';
import { inOrder } from './in-order.js';
import { NOT_READ, type RemoteReadOutcome, toOutcome } from './remote-read-outcome.js';
import { LateAnswers } from './late-answers.js';
import { StaleValues } from './stale-values.js';

const DEFAULT_CONCURRENT_LOADS = 256;

/**
 * Cache-aside for one key or many: memory, then Redis, then a flight (own or joined), then a stale value. The first half of the
 * read: what the tiers hold. {@link FlightJoiner} is the second.
 */
export class GetOrLoad {
  readonly #staleValues: StaleValues;
  readonly #earlyRefresh: EarlyRefresh;
  readonly #joiner: FlightJoiner;
  /** Settings of a call without options. */
  #defaults: CallSettings | undefined;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    leases: Leases | undefined,
  ) {
    const limiter = new LoadLimiter(namespace.defaults.maxConcurrentLoads ?? DEFAULT_CONCURRENT_LOADS, parts.clock);
    const throttle = new FailureThrottle(parts.clock);
    const staleValues = (this.#staleValues = new StaleValues(parts, namespace, stats, throttle));
    const earlyRefresh = (this.#earlyRefresh = new EarlyRefresh(parts.clock));
    const lateAnswers = new LateAnswers(parts, stats, staleValues);
    const path = new LoadPath(parts, namespace, stats, leases, limiter, throttle);
    this.#joiner = new FlightJoiner({ parts, namespace, stats, staleValues, lateAnswers, path, earlyRefresh });
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
          this.#joiner.refreshEarly(
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
    if (due.length > 0) this.#joiner.refreshEarly(due, group, settings);
    const toLoad = missing.filter(([key, read]) => {
      const throttled = this.#staleValues.serveThrottled(key, settings, read.entry);
      if (throttled !== undefined) onValue(key, throttled);
      return throttled === undefined;
    });
    await this.#joiner.many(toLoad, group, settings, onValue);
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
      this.#joiner.refreshEarly([{ key, seenStoredAtMs: entry.header.storedAtMs }], toGroup(key, loader), settings);
    return entry.value;
  }

  async #load(key: string, loader: Loader<unknown>, settings: CallSettings, read: RemoteReadOutcome): Promise<unknown> {
    settings.signal?.throwIfAborted();
    const throttled = this.#staleValues.serveThrottled(key, settings, read.entry);
    if (throttled !== undefined) return throttled.value;
    this.#joiner.assertNoCycle(key, settings);
    return (await this.#joiner.one(key, toGroup(key, loader), settings, read)).value;
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
  ): Promise<KeyToLoad[]> {
    const toAsk: string[] = [];
    const missing: KeyToLoad[] = [];
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
}

/** Called with every value that a batch read finds, and with the absences that are remembered. */
type ValueListener = (key: string, found: { readonly value: unknown; readonly isAbsent: boolean }) => void;

function toGroup<T>(key: string, loader: Loader<T>): GroupLoader {
  return async (_keys, context) => new Map([[key, await loader(context)]]);
}
