/** What of this module works without Nest: the library face. */
export type * from './engine/cache.js';
export { createCache } from './engine/create-cache.js';
export type * from './engine/create-cache.options.js';
export { CacheClosedError, LoadTimeoutError } from './engine/errors.js';
export type * from './engine/events.js';
export { invalidationChannel } from './engine/scope.js';
