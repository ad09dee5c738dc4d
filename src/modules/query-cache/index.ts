export * from './drizzle/index.js';
export * from './prisma/index.js';
export * from './typeorm/index.js';
