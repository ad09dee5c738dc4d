export { createRedisPool, type RedisPoolOptions } from './clients/redis-pool.js';
export type * from './redis.types.js';
