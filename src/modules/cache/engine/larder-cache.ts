import type { CacheRoot } from './cache-root.js';
import type {
  BatchLoader,
  Cache,
  CacheStats,
  EntryOptions,
  EntryView,
  LoadManyOptions,
  LoadOptions,
  Loader,
  NamespaceOptions,
  ReadOptions,
  WriteReceipt,
} from './contract/cache.js';
import { CacheClosedError } from './contract/errors.js';
import type { CacheEventListener, CacheEventName } from './contract/events.js';
import type { Namespace } from './names/namespace.js';
import { NamespaceRegistry, registryKeyOf } from './names/namespace-registry.js';
import { assertList } from './parts/arguments.js';
import { assertOptionNames, NAMESPACE_OPTIONS } from './parts/option-names.js';
import { ReadStats } from './parts/read-stats.js';
import { listKeys } from './read/key-listing.js';
import { GetOrLoad } from './read/get-or-load.js';
import { asEntryView, asPresence, asValue, ReadPath } from './read/read-path.js';
import { WritePath } from './write/write-path.js';

/** As long as a first attempt to connect takes at most. */
const READY_TIMEOUT_MS = 1_000;

/** How long a caller waits for a load. */
type WaitOptions = Pick<LoadManyOptions<never>, 'signal' | 'hardTimeoutMs'>;

/** One namespace of a cache; see {@link Cache}. */
export class LarderCache implements Cache {
  readonly #reads: ReadPath;
  readonly #loads: GetOrLoad;
  readonly #writes: WritePath;

  constructor(
    private readonly root: CacheRoot,
    private readonly own: Namespace,
    /** Key of this namespace in the registry; `''` for the root. */
    private readonly registryKey = '',
    private readonly registry = new NamespaceRegistry<LarderCache>(),
  ) {
    const { parts, leases } = root;
    const stats = new ReadStats(own.name, parts.counters, parts.events);
    this.#reads = new ReadPath(parts, own, stats);
    this.#loads = new GetOrLoad(parts, own, stats, leases);
    this.#writes = new WritePath(parts, own);
  }

  get name(): string {
    return this.own.name;
  }

  async get<T = unknown>(key: string, options?: ReadOptions): Promise<T | undefined> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    if (this.root.isResting) await this.#confirmed([key]);
    return this.#reads.one(key, options, asValue) as Promise<T | undefined>;
  }

  async getEntry<T = unknown>(key: string, options?: ReadOptions): Promise<EntryView<T> | undefined> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    if (this.root.isResting) await this.#confirmed([key]);
    return this.#reads.one(key, options, asEntryView) as Promise<EntryView<T> | undefined>;
  }

  async has(key: string, options?: ReadOptions): Promise<boolean> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    if (this.root.isResting) await this.#confirmed([key]);
    return (await this.#reads.one(key, options, asPresence)) === true;
  }

  async getMany<T = unknown>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, T>> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    if (this.root.isResting) await this.#confirmed(keys);
    return this.#reads.many(keys, options, asValue) as Promise<Map<string, T>>;
  }

  async getManyEntries<T = unknown>(
    keys: readonly string[],
    options?: ReadOptions,
  ): Promise<Map<string, EntryView<T>>> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    if (this.root.isResting) await this.#confirmed(keys);
    return this.#reads.many(keys, options, asEntryView) as Promise<Map<string, EntryView<T>>>;
  }

  /** Not `async`: a hit returns a promise that is resolved already. */
  getOrLoad<T>(key: string, loader: Loader<T>, options?: LoadOptions<T>): Promise<T> {
    try {
      this.#assertOpen();
      if (this.root.opening === undefined) {
        if (!this.root.isResting) return this.#loads.one(key, loader, options);
        return this.#confirmed([key]).then(() => this.#loads.one(key, loader, options));
      }
      return this.#openedFor(options).then(() => this.#loads.one(key, loader, options));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async getOrLoadMany<T>(
    keys: readonly string[],
    loader: BatchLoader<T>,
    options?: LoadManyOptions<T>,
  ): Promise<Map<string, T>> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#openedFor(options);
    if (this.root.isResting) await this.#confirmed(keys);
    return this.#loads.many(keys, loader, options);
  }

  async *keys(): AsyncGenerator<string> {
    this.#assertOpen();
    if (this.root.opening !== undefined) await this.#opened();
    yield* listKeys(this.root.parts, this.own);
  }

  async set<T>(key: string, value: T, options?: EntryOptions): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.root.write(() => this.#writes.set(key, value, options));
  }

  async setMany<T>(entries: Iterable<readonly [key: string, value: T]>, options?: EntryOptions): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.root.write(() => this.#writes.setMany(entries, options));
  }

  async delete(key: string | readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    const keys = toKeys(key);
    return this.root.write(() => this.#writes.delete(keys));
  }

  async expire(key: string | readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    const keys = toKeys(key);
    return this.root.write(() => this.#writes.expire(keys));
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    const names = assertList('tags', tags);
    return this.root.write(() => this.#writes.invalidateTags(names));
  }

  async expireTags(tags: readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    const names = assertList('tags', tags);
    return this.root.write(() => this.#writes.expireTags(names));
  }

  async clear(): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.root.write(() => this.#writes.clear());
  }

  namespace(name: string, defaults?: NamespaceOptions): Cache {
    assertOptionNames(defaults, NAMESPACE_OPTIONS);
    const registryKey = registryKeyOf(this.registryKey, name, defaults);
    return this.registry.get(
      registryKey,
      () => this.own.child(name, defaults ?? {}),
      (child) => new LarderCache(this.root, child, registryKey, this.registry),
    );
  }

  on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): () => void {
    const { name } = this;
    return this.root.parts.events.on(event, (payload) => {
      if (payload.cache === name || payload.cache.startsWith(`${name}/`)) listener(payload);
    });
  }

  stats(): CacheStats {
    const { memory, follower, outbox, flights, counters, remote } = this.root.parts;
    const { store } = memory;
    return {
      memory: { entries: store.count, usedBytes: memory.usedBytes, maxBytes: store.maxBytes },
      redis: this.root.redisState,
      isCoherent: remote === undefined || follower!.isCoherent,
      ...(follower?.refusal !== undefined && { refusal: follower.refusal }),
      queuedInvalidations: outbox.size,
      loadsInFlight: flights.size,
      hits: { memory: counters.memoryHits, redis: counters.redisHits, stale: counters.staleHits },
      misses: counters.misses,
      fills: counters.fills,
      fillsRejected: counters.fillsRejected,
    };
  }

  async ready(timeoutMs = READY_TIMEOUT_MS): Promise<boolean> {
    this.#assertOpen();
    if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs is a number of milliseconds, not ${String(timeoutMs)}.`);
    return this.root.ready(timeoutMs);
  }

  async close(): Promise<void> {
    if (this.own.path === '') await this.root.close();
  }

  /**
   * Ends the rest of the heartbeat, see `LogFollower`. An entry in memory is worth waiting for; a read that goes to Redis in any
   * case goes there at the same time.
   */
  async #confirmed(keys: readonly string[]): Promise<void> {
    const { follower, memory } = this.root.parts;
    const confirmed = follower!.confirm();
    if (Array.isArray(keys) && keys.some((key) => memory.store.peek(this.own.memoryKey(key)) !== undefined))
      await confirmed;
  }

  /** Waits for the first attempt to connect to Redis. */
  async #opened(): Promise<void> {
    await this.root.opening;
    this.#assertOpen();
  }

  /** As {@link #opened}, but no longer than the caller waits for a load. */
  async #openedFor({ signal, hardTimeoutMs = this.own.defaults.hardTimeoutMs }: WaitOptions = {}): Promise<void> {
    const { clock } = this.root.parts;
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const timer = hardTimeoutMs === undefined ? undefined : clock.setTimer(end, hardTimeoutMs);
    signal?.addEventListener('abort', () => end(), { once: true });
    await Promise.race([this.root.opening, isOver]);
    timer?.cancel();
    this.#assertOpen();
  }

  #assertOpen(): void {
    if (this.root.isClosed) throw new CacheClosedError(this.name);
  }
}

function toKeys(key: string | readonly string[]): readonly string[] {
  return typeof key === 'string' ? [key] : assertList('key', key);
}
