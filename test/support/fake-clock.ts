/** The clock of `larder/testing`, by the name that the tests of this project have for it. */
export { TestClock as FakeClock } from '../../src/modules/testing/library.js';
