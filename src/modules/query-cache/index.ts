export { cacheQueries } from './drizzle/cache-queries.js';
export { type DrizzleQueryCacheOptions, type QueryCacheOptions } from './query-cache.options.js';
export { TypeOrmQueryCache } from './typeorm/typeorm-query-cache.js';
