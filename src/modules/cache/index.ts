export { type CacheConfigValues, cacheConfig } from './cache.config.js';
export { engineSettings } from './engine-settings.js';
export { logRefusals } from './refusal.logger.js';
export { CacheManagerModule } from './interop/cache-manager.module.js';
export * from './nest.js';
