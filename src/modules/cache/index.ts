export { type CacheConfigValues, cacheConfig } from './cache.config.js';
export { CacheManagerModule } from './interop/cache-manager.module.js';
export * from './nest.js';
