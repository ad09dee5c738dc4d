/** What of this module any Nest application can use: the face that `larder/nest` is made of. */
export { CacheModule } from './cache.module.js';
export type {
  CacheFeature,
  CacheModuleAsyncOptions,
  CacheModuleExtras,
  CacheModuleOptions,
  CacheOptionsFactory,
  ResponseCacheOptions,
} from './cache.module-options.js';
export { CacheRegistry } from './cache-registry.js';
export { ANNOUNCEMENTS, type Announcements, CACHE, getCacheToken, WARM_UPS, WARM_UPS_RUN } from './cache.tokens.js';
export { CacheConfig } from './decorators/cache-config.decorator.js';
export type { CacheConfigOptions } from './decorators/cache-config.options.js';
export { CacheEvict } from './decorators/cache-evict.decorator.js';
export type { CacheEvictOptions } from './decorators/cache-evict.options.js';
export { CachePut } from './decorators/cache-put.decorator.js';
export type { CachePutOptions } from './decorators/cache-put.options.js';
export { isCacheable } from './decorators/cache-metadata.js';
export { CacheResponse } from './decorators/cache-response.decorator.js';
export type {
  CachedRequest,
  CacheResponseOptions,
  ClientDirective,
  QueryOptions,
  ResponseScope,
} from './decorators/cache-response.options.js';
export type { ContextKeys, ContextTexts, ContextValue, VaryBy } from './decorators/context-values.js';
export { Cacheable } from './decorators/cacheable.decorator.js';
export type { CacheableOptions } from './decorators/cacheable.options.js';
export type { CachedMethod, CacheKey } from './decorators/cached-method.js';
export type { EntryBehaviour } from './decorators/entry-behaviour.js';
export { InjectCache } from './decorators/inject-cache.decorator.js';
export { fromEnv } from './from-env.js';
export * from './library.js';
export {
  CACHE_PRINCIPAL,
  type PlatformRequest,
  type Principal,
  type PrincipalResolver,
  principalOfUser,
} from './http/principal.js';
export { type CallerHider, PrincipalResolvers } from './http/principal-resolvers.js';
export { UnreadableResponses } from './http/unreadable-responses.js';
