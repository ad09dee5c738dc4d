export type { QueryCacheOptions } from '../query-cache.options.js';
export { TypeOrmQueryCache } from './typeorm-query-cache.js';
export { typeOrmEntities } from './typeorm-entities.js';
