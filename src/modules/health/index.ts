export { CacheIndicator } from './cache.indicator.js';
export { DatabaseIndicator } from './database.indicator.js';
export { HealthModule } from './health.module.js';
export { RedisIndicator } from './redis.indicator.js';
