export { type CacheConfigValues, cacheConfig } from './cache.config.js';
export { CacheModule } from './cache.module.js';
export type { CacheModuleOptions } from './cache.module-definition.js';
export { ANNOUNCEMENTS, type Announcements, CACHE } from './cache.tokens.js';
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
export { CacheManagerModule } from './interop/cache-manager.module.js';
export { Cacheable } from './decorators/cacheable.decorator.js';
export type { CacheableOptions } from './decorators/cacheable.options.js';
export type { CachedMethod, CacheKey } from './decorators/cached-method.js';
export type { EntryBehaviour } from './decorators/entry-behaviour.js';
export * from './library.js';
export { CACHE_PRINCIPAL, type Principal, type PrincipalResolver, principalOfUser } from './http/principal.js';
export { PrincipalResolvers } from './http/principal-resolvers.js';
