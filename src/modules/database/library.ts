/** What may be used without Nest. */
export { DatabaseUnavailableError, describeDatabaseError, isOutcomeUnknown, isUnavailable } from './database.errors.js';
export { DATABASE, type Database, type Transaction } from './database.js';
