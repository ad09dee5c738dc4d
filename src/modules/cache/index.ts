export { type CacheConfigValues, cacheConfig } from './cache.config.js';
export { engineSettings } from './engine-settings.js';
export { logRefusals } from './refusal.logger.js';
export { createKeyv, type KeyvOptionsOfCache } from './interop/create-keyv.js';
export { KeyvStore } from './interop/keyv-store.js';
export { CacheManagerModule } from './interop/cache-manager.module.js';
export * from './nest.js';
