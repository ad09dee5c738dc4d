/** What of this module works without Nest: the library face builds on it. */
export { ConfirmedSubscription } from './clients/confirmed-subscription.js';
export { createRedisPool, type RedisPoolOptions } from './clients/redis-pool.js';
export type * from './redis.types.js';
export { loadScript, type RedisScript } from './scripts/redis-script.js';
export { runScript, type ScriptArgument } from './scripts/run-script.js';
export { loadScripts } from './scripts/script-directory.js';
