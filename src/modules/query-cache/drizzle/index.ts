export type { DrizzleQueryCacheOptions, QueryCacheOptions } from '../query-cache.options.js';
export { type CacheableDatabase, cacheQueries } from './cache-queries.js';
