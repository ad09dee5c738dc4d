/** The part of this module that works without Nest. */
export { CacheRecorder, type RecordedEvent } from './cache-recorder.js';
export { createTestCache, type TestCache, type TestCacheOptions } from './create-test-cache.js';
export { StaleReadChecker, type StaleRead } from './stale-read-checker.js';
export { TestClock } from './test-clock.js';
