import type { CacheEventListener, CacheEventName } from './events.js';
import type { Tier } from './tier.js';

/**
 * A cache of one namespace. `createCache()` returns it and Nest injects it.
 *
 * The promise: *a read that starts after an invalidation was acknowledged never returns a value that was loaded before
 * it*: at once on the instance that invalidated, within the bus's latency on the others, at once everywhere for reads
 * with `consistency: 'strict'`. For the time while Redis or the bus is away see `docs/consistency.md`.
 *
 * No method throws because Redis is slow, full or gone: a read becomes a miss, a write is reported as `queued`.
 * Every method rejects with a `TypeError` or `RangeError` for invalid arguments (an empty key, a negative ttl, an unknown option).
 */
export interface Cache {
  /** Full name, parents first: `shop` or `shop/images`. Metrics carry it as label. */
  readonly name: string;

  /** The value, or `undefined` when there is none that is fresh. Tell a cached `undefined` from a miss by {@link getEntry}. */
  get<T = unknown>(key: string, options?: ReadOptions): Promise<T | undefined>;

  /** The value with its age and where it was found; `undefined` on a miss. Never loads. */
  getEntry<T = unknown>(key: string, options?: ReadOptions): Promise<EntryView<T> | undefined>;

  /** The values that were found, by key, in the order of `keys`; keys without a fresh value are absent. One command per slot group. */
  getMany<T = unknown>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, T>>;

  /** As {@link getMany}, with each value's age and where it was found. */
  getManyEntries<T = unknown>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, EntryView<T>>>;

  /**
   * The value, loading and storing it on a miss (cache-aside). Concurrent callers share one load, on this instance and,
   * through the lease in Redis, across instances.
   *
   * @throws the loader's error, when no stale value may be served instead; `LoadTimeoutError` past `hardTimeoutMs`;
   *   the signal's reason when `options.signal` aborts; `LoadCycleError` if a loader asks for a key that it, or a load around
   *   it, is loading. Loads that wait for each other end: the later one loads for itself, and its value is not stored.
   */
  getOrLoad<T>(key: string, loader: Loader<T>, options?: LoadOptions<T>): Promise<T>;

  /**
   * Values for many keys with one loader call for all that are missing. The loader returns the values that exist; a key it leaves
   * out is absent from the result (and remembered as absent for `negativeTtlMs`, when given).
   */
  getOrLoadMany<T>(
    keys: readonly string[],
    loader: BatchLoader<T>,
    options?: LoadManyOptions<T>,
  ): Promise<Map<string, T>>;

  /** Whether there is a fresh value. Counts as a read. */
  has(key: string, options?: ReadOptions): Promise<boolean>;

  /**
   * The keys of this namespace in either tier, each once, in no order: for maintenance, since Redis looks at every key of the
   * database. Keys that are set or removed meanwhile may be left out, keys of entries that are no longer valid may be
   * included. In Redis a key of more than 200 characters is a hash, and is left out.
   *
   * @throws an error if Redis fails on the way.
   */
  keys(): AsyncIterable<string>;

  /**
   * Stores a value. The old one goes on every instance, also where the new one is not kept: with `tiers: 'memory'`, or for a
   * value that is too large. Loads of the key that are in flight store nothing.
   *
   * @throws UnstorableValueError, a TypeError, for a value that can't be stored (a function, a socket), with Redis and
   *   without, after the old one was removed.
   */
  set<T>(key: string, value: T, options?: EntryOptions): Promise<WriteReceipt>;

  /**
   * Stores many values with the same options, each as {@link set} does. `queued` if one of them is queued; of a key that is
   * given twice the last value counts.
   *
   * @throws the first error of {@link set}, after the other values were stored.
   */
  setMany<T>(entries: Iterable<readonly [key: string, value: T]>, options?: EntryOptions): Promise<WriteReceipt>;

  /** Removes one key or many, on every instance; loads of them that are in flight store nothing. Unknown keys are fine. */
  delete(key: string | readonly string[]): Promise<WriteReceipt>;

  /**
   * Makes one entry or many stale, on every instance: reloaded at the next read, kept for its grace. Loads of the keys that are
   * in flight store nothing. While Redis is away the entries are removed instead.
   */
  expire(key: string | readonly string[]): Promise<WriteReceipt>;

  /** Makes every entry that carries one of the tags a miss. O(tags), independent of the number of entries. */
  invalidateTags(tags: readonly string[]): Promise<WriteReceipt>;

  /** Makes every entry that carries one of the tags stale: reloaded at the next read, kept for its grace. */
  expireTags(tags: readonly string[]): Promise<WriteReceipt>;

  /**
   * Makes every entry of this namespace, and of those below it, a miss. O(1): memory frees the entries soon after, Redis as
   * they expire.
   */
  clear(): Promise<WriteReceipt>;

  /** A cache below this one: keys and tags of its own, cleared with it; tiers, connections and the log are shared. */
  namespace(name: string, defaults?: NamespaceOptions): Cache;

  /** Subscribes to this namespace's events and those below it. Returns the function that unsubscribes. */
  on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): () => void;

  /**
   * Resolves to true as soon as Redis is up and this cache has heard every invalidation, and to false after `timeoutMs`
   * milliseconds (default 1,000). Without Redis: to true at once. No call needs it: the first ones of a process wait for the
   * first attempt to connect by themselves, for a second at most.
   */
  ready(timeoutMs?: number): Promise<boolean>;

  /** Counts and sizes now, for health pages. */
  stats(): CacheStats;

  /**
   * Stops loads under way, lets writes that were called before it end, sends what is queued (for at most a second, after at most two in which a Redis that is away may
   * return), then closes the connections this cache opened. From its call on every other method rejects with
   * `CacheClosedError`, also those of children. A child's is a no-op.
   */
  close(): Promise<void>;
}

/** How an entry is kept. Unset options come from the namespace's defaults, then from the root's. */
export interface EntryOptions {
  /** Fresh for this long, in milliseconds. Default 300,000 (five minutes). `Infinity` keeps it until evicted. */
  ttlMs?: number;
  /** Kept as stale for this long after `ttlMs`, to serve when the loader fails or is slow. Default 0. */
  graceMs?: number;
  /** Groups this entry belongs to; see {@link Cache.invalidateTags}. Any strings, any number. Default none. */
  tags?: readonly string[];
  /** Shortens `ttlMs` by a random share up to this, so entries stored together don't expire together. 0 to 1, default 0. */
  jitter?: number;
  /**
   * Which tiers hold it. Default both; `'memory'` never leaves the process and keeps a value as it is, functions and
   * instances too; `'redis'` is not kept in memory.
   */
  tiers?: 'both' | 'memory' | 'redis';
  /** Compress payloads above this many bytes. Default off (`Infinity`). */
  compressAboveBytes?: number;
}

/** Defaults of a namespace, for calls without the option. Options that are not set come from the namespace above. */
export interface NamespaceOptions
  extends
    EntryOptions,
    Pick<LoadOptions, 'softTimeoutMs' | 'hardTimeoutMs' | 'failSafeThrottleMs' | 'negativeTtlMs' | 'earlyRefreshBeta'> {
  /**
   * Loaders of this namespace running at once on this instance; more wait their turn. A loader that loads from the same
   * namespace lends its place to those loads, one at a time. Default 256.
   */
  maxConcurrentLoads?: number;
  /**
   * How long a load may take, in milliseconds: its lease is renewed for so long, and other instances wait for it so long
   * before they load for themselves, without the right to store. Callers on the same instance wait so long before they start
   * another load. Default: renewed for a minute, waited for ten seconds by other instances and for a minute on its own.
   */
  maxLoadMs?: number;
  /**
   * Reads and leases wait for Redis at least this long, in milliseconds, before it counts as away: for values that are
   * dearer to load than to wait for. Never longer than a command may take (`REDIS_COMMAND_TIMEOUT`). Default 0: the
   * measured latency alone decides (`REDIS_READ_BUDGET_*`).
   */
  minReadTimeoutMs?: number;
}

/** How a value is read. */
export interface ReadOptions {
  /**
   * - `'cached'` (default): memory first, then Redis.
   * - `'strict'`: never memory; value and tag versions are read from Redis. When Redis can't answer it is a miss.
   * - `'bypass'`: reads no tier (and `getOrLoad` loads without storing).
   * - `'refresh'`: reads no tier, and `getOrLoad` stores what it loads.
   */
  consistency?: 'cached' | 'strict' | 'bypass' | 'refresh';
  /** Also return a value that is stale but within its grace. Default false. */
  allowStale?: boolean;
  /** Whether an absent key counts as a miss. Default true; false for a look that a load of the same keys follows. */
  countsMisses?: boolean;
}

/** How a value is loaded when it is missing. */
export interface LoadOptions<T = unknown> extends EntryOptions, Pick<ReadOptions, 'consistency'> {
  /**
   * Past this, a stale value within its grace is served while the load goes on in the background; `0` is
   * stale-while-revalidate. Default: wait for the loader, and serve stale only if it fails.
   */
  softTimeoutMs?: number;
  /** Past this, the caller gets `LoadTimeoutError` (or stale); the load goes on in the background and is stored if still valid. Default none. */
  hardTimeoutMs?: number;
  /**
   * After a load that failed, the stale value within its grace is served at once for this long, without another load of the
   * key on this instance. Each failure in a row doubles the time, up to 30 seconds. A load that succeeds ends it. `0`: every
   * read loads. Default 1,000.
   */
  failSafeThrottleMs?: number;
  /**
   * Store `undefined` and `null` results for this long instead of `ttlMs`; a `ttlMs` that the loader sets itself comes
   * first. Default: as any value.
   */
  negativeTtlMs?: number;
  /** Early refresh (XFetch, Vattani et al., VLDB 2015): scale β. 0 turns it off. Default 0; 1 is the paper's optimum. */
  earlyRefreshBeta?: number;
  /**
   * Aborts this caller's wait; the load itself is aborted when no caller is left. With a signal that has aborted already
   * nothing is read: the call rejects with its reason, as `fetch` does.
   */
  signal?: AbortSignal;
  /** Whether a result is stored. Default: every result. */
  shouldStore?: (value: T) => boolean;
  /**
   * Called for a result that can't be stored (a function, a socket, a cycle), with the error that names what and where. The
   * caller gets the result. Default: the event `fillRejected` only.
   */
  onUnstorable?: (error: Error) => void;
}

/** As {@link LoadOptions}; `tagsOf` gives each key tags of its own beside the common `tags`. */
export interface LoadManyOptions<T = unknown> extends LoadOptions<T> {
  tagsOf?: (key: string) => readonly string[];
}

/** The context of a loader: it describes the load, and changes options of the entry that the result becomes. */
export interface LoadContext {
  /** Aborts when the last caller left or the cache closes. Hand it to `fetch`, the database driver and so on. */
  readonly signal: AbortSignal;
  /** The key (or keys) being loaded. */
  readonly keys: readonly string[];
  /** The stale value kept for grace, if there is one: lets a loader revalidate cheaply. */
  readonly stale: EntryView<unknown> | undefined;
  /**
   * Changes options from the result: `ctx.set({ ttlMs: 1_000, tags: ['author:7'] })`. Tags are added to those given; `tiers`
   * can only leave one out.
   */
  set(options: EntryOptions): void;
  /** The result is returned but not stored. */
  skipStore(): void;
}

/** Gives the value of a key; may read the source of truth. */
export type Loader<T> = (context: LoadContext) => Promise<T> | T;

/** Gives the values of those keys that exist. */
export type BatchLoader<T> = (
  missing: readonly string[],
  context: LoadContext,
) => Promise<ReadonlyMap<string, T>> | ReadonlyMap<string, T>;

/** A value with the properties of its entry. Plain values are frozen: they are shared by every reader. */
export interface EntryView<T> {
  readonly value: T;
  readonly tier: Tier;
  /** Milliseconds since the value was stored. */
  readonly ageMs: number;
  /** Milliseconds of freshness left; 0 or less when stale. */
  readonly ttlMs: number;
  readonly isStale: boolean;
  /** Bytes of the encoded value, where known (0 for values that were never encoded). */
  readonly sizeBytes: number;
}

/** The result of a write. */
export interface WriteReceipt {
  /**
   * `applied`: done in Redis (or there is no Redis). `queued`: Redis could not be reached; the change holds on this
   * instance now and is sent before this instance trusts Redis again. Of a `set` that is queued, the removal of the old
   * value is sent first. The new value follows, if nothing wrote or invalidated it since and its lifetime is not over; the
   * last 1,000 such values wait, in 16 MiB. Until then it is in this instance's memory only.
   */
  readonly status: 'applied' | 'queued';
}

/** Counts since start and sizes now. */
export interface CacheStats {
  /** `usedBytes`: entries, and the tags that this instance knows. */
  readonly memory: { entries: number; usedBytes: number; maxBytes: number };
  readonly redis: 'none' | 'up' | 'degraded' | 'down';
  /** Whether the memory tier is known to have heard every invalidation, as of the last heartbeat. */
  readonly isCoherent: boolean;
  /** Why Redis is not used although it answers: other instances of the namespace use another layout. Absent while it is used. */
  readonly refusal?: string;
  readonly queuedInvalidations: number;
  readonly loadsInFlight: number;
  readonly hits: { memory: number; redis: number; stale: number };
  readonly misses: number;
  readonly fills: number;
  readonly fillsRejected: number;
}
