import type { CacheStats } from './contract/cache.js';
import type { Leases } from './load/leases.js';
import type { EngineParts } from './parts/engine-parts.js';

/** What a {@link CacheRoot} is made of. */
export interface CacheRootParts {
  readonly parts: EngineParts;
  /** `undefined` without Redis. */
  readonly leases: Leases | undefined;
  readonly redisState: () => CacheStats['redis'];
  /** Releases everything that the cache opened. Called at most once. */
  readonly close: () => Promise<void>;
}

/** One cache with all its namespaces: the shared parts, and its end. */
export class CacheRoot {
  readonly parts: EngineParts;
  readonly leases: Leases | undefined;
  readonly #redisState: () => CacheStats['redis'];
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor({ parts, leases, redisState, close }: CacheRootParts) {
    this.parts = parts;
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

  /** Closes the cache once, however often it is called. Every call resolves when the cache is closed. */
  close(): Promise<void> {
    return (this.#closing ??= Promise.resolve().then(this.#close));
  }
}
