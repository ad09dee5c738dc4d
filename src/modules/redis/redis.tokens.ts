/** Injects the application's `RedisPool`, or `null` when no Redis is configured. */
export const REDIS_POOL = Symbol('larder:redis-pool');
