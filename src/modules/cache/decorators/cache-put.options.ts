import type { CachedMethod, CacheKey, FromArguments, FromResult } from './cached-method.js';
import type { ContextKeys } from './context-values.js';
import type { EntryBehaviour } from './entry-behaviour.js';

/** Options of @CachePut: one of `key` and `resultKey` is needed. */
export interface CachePutOptions<M extends CachedMethod> extends EntryBehaviour {
  /** Which entry, told by the arguments. The same as that of the `@Cacheable` method it is for. */
  readonly key?: FromArguments<M, CacheKey>;
  /** Which entry, told by the result: an id that is only known once the row exists. */
  readonly resultKey?: FromResult<M, CacheKey>;
  /** The entry's tags; the same as those of the `@Cacheable` method. Default none. */
  readonly tags?: readonly string[] | FromArguments<M, readonly string[]>;
  /** Further tags that only the result knows. */
  readonly resultTags?: FromResult<M, readonly string[]>;
  /** Whether this call's result is put at all. Default always. */
  readonly condition?: FromArguments<M, boolean>;
  /** Results for which this is true are not put. Default none. */
  readonly unless?: FromResult<M, boolean>;
  /**
   * Inside of a transaction that `watchTransactions()` or `watchTransactionalAdapter()` knows, waits for its commit, and does
   * nothing if it is rolled back. False puts at once. Default true.
   */
  readonly afterCommit?: boolean;
  /** See `@Cacheable`. */
  readonly namespace?: string;
  /** See `@Cacheable`: the same as those of the methods whose entries it writes. Default: the class's and the application's. */
  readonly contextKeys?: ContextKeys;
  /** Name of the cache, from `CacheModule.forRoot({ name })` or `forFeature()`. Default: `@CacheConfig`'s, or the application's. */
  readonly cache?: string;
}
