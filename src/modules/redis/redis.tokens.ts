/** Injects the application's `RedisPool`, or `null` when no Redis is configured. */
export const REDIS_POOL = Symbol.for('larder:redis:pool');

/** The pool of `RedisModule`, for modules that may have a Redis of their own instead. */
export const APPLICATION_REDIS_POOL = Symbol.for('larder:redis:application-pool');

/** The pool that a `RedisSourceModule` made and closes; `null` if it made none. */
export const OWN_REDIS_POOL = Symbol.for('larder:redis:own-pool');
