/** The entry `larder/prisma`: cached queries of Prisma. */
export * from '../modules/query-cache/prisma/index.js';
