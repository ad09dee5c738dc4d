/** The part of this module that works without Nest. The library entry is built on it. */
export { ConfirmedSubscription } from './clients/confirmed-subscription.js';
export type { ReplyListener } from './clients/data-connection.js';
export type { CommandArgument } from './clients/encode-command.js';
export { nodeOfKey } from './clients/hash-slot.js';
export { createRedisPool, type RedisPoolOptions } from './clients/redis-pool.js';
export type { ItemListener, Reply } from './clients/reply-reader.js';
export { receivedBytes, sendCommand } from './clients/send-command.js';
export type * from './redis.types.js';
export { loadScript, type RedisScript } from './scripts/redis-script.js';
export { runScript, sendScript } from './scripts/run-script.js';
export { loadScripts, readScripts } from './scripts/script-directory.js';
