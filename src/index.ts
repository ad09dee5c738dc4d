/** The library face: the engine without Nest. The Nest modules are under `larder/nest`. */
export type * from './modules/cache/engine/cache.js';
export type { CacheEventListener, CacheEventName, CacheEvents, InvalidationKind } from './modules/cache/engine/events.js';
export { createCache } from './modules/cache/engine/create-cache.js';
export type * from './modules/cache/engine/create-cache.options.js';
export { LoadTimeoutError } from './modules/cache/engine/errors.js';
