export * from './core.js';
export { redisPoolOptionsOf, redisSourceOf } from './redis-source.js';
export { type RedisConfig, redisConfig } from './redis.config.js';
export { RedisModule } from './redis.module.js';
export { REDIS_POOL } from './redis.tokens.js';
