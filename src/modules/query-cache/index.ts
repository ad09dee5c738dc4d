export { cacheQueries } from './drizzle/cache-queries.js';
export { type DrizzleQueryCacheOptions, type QueryCacheOptions } from './query-cache.options.js';
export { TypeOrmQueryCache } from './typeorm/typeorm-query-cache.js';
export { type PrismaCacheSetting, type PrismaInvalidation, PrismaQueryCache } from './prisma/prisma-query-cache.js';
export { type PrismaAdapterFactory } from './prisma/prisma-driver.js';
