/** The entry `larder/typeorm`: cached queries of TypeORM. */
export * from '../modules/query-cache/typeorm/index.js';
