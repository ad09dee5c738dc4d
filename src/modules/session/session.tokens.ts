/** Injects the `SessionStore`. */
export const SESSION_STORE = Symbol('larder:session:store');
/** Injects the `TouchThrottle`. */
export const SESSION_TOUCHES = Symbol('larder:session:touches');
/** Injects the `RedisPool` sessions use, or `null`: that of `SESSION_REDIS_URL`, else the application's. */
export const SESSION_REDIS_POOL = Symbol('larder:session:redis-pool');
/** Injects the `Cache` in front of the store, or `null` when sessions live in memory alone. */
export const SESSION_CACHE = Symbol('larder:session:cache');
