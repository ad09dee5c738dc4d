export type { QueryCacheOptions } from '../query-cache.options.js';
export type { PrismaAdapterFactory } from './prisma-driver.js';
export { type PrismaCacheSetting, type PrismaInvalidation, PrismaQueryCache } from './prisma-query-cache.js';
