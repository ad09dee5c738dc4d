/** The part of this module for Nest applications. */
export { CacheTestingModule, type CacheTestingOptions } from './cache-testing.module.js';
export * from './library.js';
