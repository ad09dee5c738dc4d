/** The entry `larder/nest/testing`: tests of Nest applications that cache. */
export * from '../modules/testing/nest.js';
