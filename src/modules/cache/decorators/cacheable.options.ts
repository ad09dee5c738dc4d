import type { CachedMethod, CacheKey, FromArguments, FromResult } from './cached-method.js';
import type { ContextKeys } from './context-values.js';
import type { EntryBehaviour } from './entry-behaviour.js';

/** Options of @Cacheable; what is left out comes from the class's `@CacheConfig`, then from the configuration. */
export interface CacheableOptions<M extends CachedMethod> extends EntryBehaviour {
  /** Which entry. Default: the class, the method and all arguments. */
  readonly key?: FromArguments<M, CacheKey>;
  /** Groups the entry belongs to: evicted together by `@CacheEvict({ tags })`. Default none. */
  readonly tags?: readonly string[] | FromArguments<M, readonly string[]>;
  /** Further tags that only the result knows, such as the author of an article. */
  readonly resultTags?: FromResult<M, readonly string[]>;
  /** Whether the cache is used for this call at all. Default always. */
  readonly condition?: FromArguments<M, boolean>;
  /** Results for which this is true are returned and not stored. Default none. */
  readonly unless?: FromResult<M, boolean>;
  /** The cache's namespace; keys in it are shared by every class that names it. Default: the root, with keys of the class's own. */
  readonly namespace?: string;
  /**
   * Values that decide the result and are no arguments: a tenant or a language in an `AsyncLocalStorage` (nestjs-cls). They
   * are part of every key. A call with an invalid value passes the cache. Added to those of the class and the application.
   * Default none.
   */
  readonly contextKeys?: ContextKeys;
  /** Name of the cache, from `CacheModule.forRoot({ name })` or `forFeature()`. Default: `@CacheConfig`'s, or the application's. */
  readonly cache?: string;
}
