/** Injects the `SessionBackend`. */
export const SESSION_BACKEND = Symbol.for('larder:session:backend');
/** Injects the `SessionStore`. */
export const SESSION_STORE = Symbol.for('larder:session:store');
/** Injects the `TouchThrottle`. */
export const SESSION_TOUCHES = Symbol.for('larder:session:touches');
/** Injects the `RedisPool` of sessions, or `null`: the pool of `SESSION_REDIS_URL` if set, otherwise the application's. */
export const SESSION_REDIS_POOL = Symbol.for('larder:session:redis-pool');
/** Injects the `UsageWatcher` of `SESSION_REDIS_URL`, or `null`. */
export const SESSION_REDIS_USAGE = Symbol.for('larder:session:redis-usage');
