/** Injects the `SessionBackend`. */
export const SESSION_BACKEND = Symbol('larder:session:backend');
/** Injects the `SessionStore`. */
export const SESSION_STORE = Symbol('larder:session:store');
/** Injects the `TouchThrottle`. */
export const SESSION_TOUCHES = Symbol('larder:session:touches');
/** Injects the `RedisPool` sessions use, or `null`: that of `SESSION_REDIS_URL`, else the application's. */
export const SESSION_REDIS_POOL = Symbol('larder:session:redis-pool');
/** The `UsageWatcher` of a Redis that sessions have for themselves, or `null`. */
export const SESSION_REDIS_USAGE = Symbol('larder:session:redis-usage');
