/** The part of this module that works without Nest. */
export {
  DatabaseUnavailableError,
  describeDatabaseError,
  isOutcomeUnknown,
  isUnavailable,
  OutcomeUnknownError,
} from './database.errors.js';
export { DATABASE, type Database, type Transaction } from './database.js';
