/** The entry `larder/drizzle`: cached queries of Drizzle ORM. */
export * from '../modules/query-cache/drizzle/index.js';
