/** The entry of the library: the engine and the query adapters, without Nest. */
export * from './modules/cache/library.js';
export * from './modules/query-cache/index.js';
