import type { CacheStats } from './contract/cache.js';
import type { Leases } from './load/leases.js';
import type { EngineParts } from './parts/engine-parts.js';

/** The parts of a {@link CacheRoot}. */
export interface CacheRootParts {
  readonly parts: EngineParts;
  /** `undefined` without Redis. */
  readonly leases: Leases | undefined;
  readonly redisState: () => CacheStats['redis'];
  /** Resolves when the first attempt to connect to Redis is over; `undefined` if it is already, or there is no Redis. */
  readonly firstAttempt?: Promise<void> | undefined;
  /** Resolves to whether Redis is up and coherent, at the latest after `timeoutMs` milliseconds. */
  readonly ready: (timeoutMs: number) => Promise<boolean>;
  /**
   * Releases everything that the cache opened. Called at most once.
   *
   * @param writesEnd resolves when the writes that were called before have ended.
   */
  readonly close: (writesEnd: () => Promise<void>) => Promise<void>;
}

/** One cache with all its namespaces: the shared parts, and its end. */
export class CacheRoot {
  readonly parts: EngineParts;
  readonly leases: Leases | undefined;
  readonly #redisState: () => CacheStats['redis'];
  readonly ready: CacheRootParts['ready'];
  readonly #close: CacheRootParts['close'];
  #closing: Promise<void> | undefined;
  #opening: Promise<void> | undefined;
  readonly #writes = new Set<Promise<unknown>>();

  constructor({ parts, leases, redisState, firstAttempt, ready, close }: CacheRootParts) {
    this.parts = parts;
    this.ready = ready;
    this.#opening = firstAttempt;
    // A round later: calls that were held back run first, in their order.
    void firstAttempt?.then(() => setImmediate(() => (this.#opening = undefined)));
    this.leases = leases;
    this.#redisState = redisState;
    this.#close = close;
  }

  get redisState(): CacheStats['redis'] {
    return this.#redisState();
  }

  /** True from the first call of {@link close} on. Read at every call of the cache. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether the log must be read before memory serves. Read at every read of the cache. */
  get isResting(): boolean {
    return this.parts.follower?.isResting === true;
  }

  /** Held back until this resolves: calls made before the first attempt to connect to Redis was over. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  /** Runs a write when the first attempt to connect is over. {@link close} lets it end. */
  write<T>(run: () => Promise<T>): Promise<T> {
    const write = this.#opening === undefined ? run() : this.#opening.then(run);
    this.#writes.add(write);
    const forget = (): void => void this.#writes.delete(write);
    write.then(forget, forget);
    return write;
  }

  /** Closes the cache once, however often it is called. Every call resolves when the cache is closed. */
  close(): Promise<void> {
    return (this.#closing ??= Promise.resolve().then(() => this.#close(() => this.#writesEnd())));
  }

  async #writesEnd(): Promise<void> {
    await this.#opening;
    await Promise.allSettled(this.#writes);
  }
}
