/** The entry `larder/testing`: tests of code that caches, without Nest. */
export * from '../modules/testing/library.js';
