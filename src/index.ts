/** The entry `larder`: the engine, without Nest. */
export * from './modules/cache/library.js';
