import type { CachedMethod, CacheKey, FromArguments, FromResult } from './cached-method.js';
import type { ContextKeys } from './context-values.js';

/** Options of @CacheEvict: at least one of `key`, `keys`, `tags`, `resultTags` and `all` is needed. */
export interface CacheEvictOptions<M extends CachedMethod> {
  /** The entry to remove. */
  readonly key?: FromArguments<M, CacheKey>;
  /** The entries to remove. */
  readonly keys?: FromArguments<M, readonly CacheKey[]>;
  /** Every entry that carries one of these tags, in this namespace. */
  readonly tags?: readonly string[] | FromArguments<M, readonly string[]>;
  /** Further tags that only the result knows. */
  readonly resultTags?: FromResult<M, readonly string[]>;
  /** Every entry of the namespace, which must be named here or by `@CacheConfig`. Default false. */
  readonly all?: boolean;
  /** Entries with the tags only become stale: reloaded at the next read, kept for their grace. Default false. */
  readonly expire?: boolean;
  /**
   * Evicts before the method too, and after it even when it throws: for methods whose effect is unknown when they fail.
   * Never instead of after, because a read in between would store the value that the method is about to change. Default
   * false: after the method, if it did not throw.
   */
  readonly beforeInvocation?: boolean;
  /** Whether this call evicts at all. Default always. */
  readonly condition?: FromArguments<M, boolean>;
  /** Results for which this is true evict nothing (where the method ran; see `beforeInvocation`). Default none. */
  readonly unless?: FromResult<M, boolean>;
  /**
   * Inside of a transaction that `watchTransactions()` or `watchTransactionalAdapter()` knows, waits for its commit, and does
   * nothing if it is rolled back. False evicts at once. Default true.
   */
  readonly afterCommit?: boolean;
  /** See `@Cacheable`. */
  readonly namespace?: string;
  /** See `@Cacheable`: the same as those of the methods whose entries it writes. Default: the class's and the application's. */
  readonly contextKeys?: ContextKeys;
  /** Name of the cache, from `CacheModule.forRoot({ name })` or `forFeature()`. Default: `@CacheConfig`'s, or the application's. */
  readonly cache?: string;
}
