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
import type { Closing } from './closing.js';
import type { Core } from './parts/engine-parts.js';
import { GetOrLoad } from './read/get-or-load.js';
import type { LeaseBook } from './load/leases.js';
import { Namespaces, wishFor } from './names/namespace-registry.js';
import type { OutboxSender } from './outage/outbox-sender.js';
import { ReadPath, VALUE, VIEW } from './read/read-path.js';
import type { Scope } from './names/namespace.js';
import { WritePath } from './write/write-path.js';

/** What belongs to the cache as a whole and is shared by its namespaces. */
export interface CacheRoot {
  readonly core: Core;
  readonly leases: LeaseBook | undefined;
  readonly sender: OutboxSender | undefined;
  redisState(): CacheStats['redis'];
  readonly closing: Closing;
}

/** One namespace of a cache; see {@link Cache}. */
export class LarderCache implements Cache {
  readonly #reads: ReadPath;
  readonly #loads: GetOrLoad;
  readonly #writes: WritePath;

  constructor(
    private readonly root: CacheRoot,
    private readonly scope: Scope,
    /** How it was asked for; `''` for the root. */
    private readonly wish = '',
    private readonly namespaces = new Namespaces<LarderCache>(),
  ) {
    this.#reads = new ReadPath(root.core, scope);
    this.#loads = new GetOrLoad(root.core, scope, root.leases);
    this.#writes = new WritePath(root.core, scope, root.sender);
  }

  get name(): string {
    return this.scope.name;
  }

  async get<T = unknown>(key: string, options?: ReadOptions): Promise<T | undefined> {
    this.#assertOpen();
    return this.#reads.one(key, options, VALUE) as Promise<T | undefined>;
  }

  async getEntry<T = unknown>(key: string, options?: ReadOptions): Promise<EntryView<T> | undefined> {
    this.#assertOpen();
    return this.#reads.one(key, options, VIEW) as Promise<EntryView<T> | undefined>;
  }

  async getMany<T = unknown>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, T>> {
    this.#assertOpen();
    return this.#reads.many(keys, options, VALUE) as Promise<Map<string, T>>;
  }

  async getManyEntries<T = unknown>(
    keys: readonly string[],
    options?: ReadOptions,
  ): Promise<Map<string, EntryView<T>>> {
    this.#assertOpen();
    return this.#reads.many(keys, options, VIEW) as Promise<Map<string, EntryView<T>>>;
  }

  /** Not `async`: a hit answers a promise that is there already. */
  getOrLoad<T>(key: string, loader: Loader<T>, options?: LoadOptions<T>): Promise<T> {
    try {
      this.#assertOpen();
      return this.#loads.one(key, loader, options);
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
    return this.#loads.many(keys, loader, options);
  }

  async set<T>(key: string, value: T, options?: EntryOptions): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.#writes.set(key, value, options);
  }

  async delete(key: string | readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.#writes.delete(typeof key === 'string' ? [key] : key);
  }

  async invalidateTags(tags: readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.#writes.invalidateTags(tags);
  }

  async expireTags(tags: readonly string[]): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.#writes.expireTags(tags);
  }

  async clear(): Promise<WriteReceipt> {
    this.#assertOpen();
    return this.#writes.clear();
  }

  namespace(name: string, defaults?: NamespaceOptions): Cache {
    const wish = wishFor(this.wish, name, defaults);
    return this.namespaces.get(
      wish,
      () => this.scope.child(name, defaults ?? {}),
      (scope) => new LarderCache(this.root, scope, wish, this.namespaces),
    );
  }

  on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): () => void {
    const { name } = this;
    return this.root.core.events.on(event, (payload) => {
      if (payload.cache === name || payload.cache.startsWith(`${name}/`)) listener(payload);
    });
  }

  stats(): CacheStats {
    const { memory, follower, outbox, flights, counters, remote } = this.root.core;
    const { store } = memory;
    return {
      memory: { entries: store.count, usedBytes: store.usedBytes, maxBytes: store.maxBytes },
      redis: this.root.redisState(),
      isCoherent: remote === undefined || follower!.isCoherent,
      queuedInvalidations: outbox.size,
      loadsInFlight: flights.size,
      hits: { memory: counters.memoryHits, redis: counters.redisHits, stale: counters.staleHits },
      misses: counters.misses,
      fills: counters.fills,
      fillsRejected: counters.fillsRejected,
    };
  }

  async close(): Promise<void> {
    if (this.scope.path === '') await this.root.closing.run();
  }

  #assertOpen(): void {
    if (this.root.closing.hasBegun) throw new CacheClosedError(this.name);
  }
}
