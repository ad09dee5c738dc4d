/** The part of this module that any Nest application can use. */
export { CacheHealthModule } from './cache-health.module.js';
export { CacheIndicator } from './cache.indicator.js';
export type { IndicatorResult } from './degraded-status.js';
export { RedisIndicator } from './redis.indicator.js';
