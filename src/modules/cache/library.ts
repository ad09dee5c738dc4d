/** What of this module works without Nest: the library face. */
export type * from './engine/contract/cache.js';
export type * from './engine/contract/tier.js';
export { createCache } from './create-cache.js';
export type * from './create-cache.options.js';
export type { AnnouncementSource } from './engine/ports/announcement-source.js';
export { CacheClosedError, LoadCycleError, LoadTimeoutError } from './engine/contract/errors.js';
export type * from './engine/contract/events.js';
export { invalidationChannel } from './engine/names/key-layout.js';
