export * from './library.js';
export type { CommandBill } from './memory/command-bill.js';
export type * from './memory/redis-usage.types.js';
export { type StoreRedis, UsageWatcher } from './memory/usage.watcher.js';
export { type RedisStatus, RedisStatusService } from './redis-status.service.js';
export { redisPoolOptionsOf, redisSourceOf } from './redis-source.js';
export { type RedisConfig, redisConfig } from './redis.config.js';
export { RedisModule } from './redis.module.js';
export { REDIS_POOL } from './redis.tokens.js';
