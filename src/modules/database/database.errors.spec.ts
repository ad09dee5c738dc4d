import { DrizzleQueryError } from 'drizzle-orm/errors';
import { DatabaseUnavailableError, describeDatabaseError, isOutcomeUnknown, isUnavailable } from './database.errors.js';

const withCode = (code: string) => Object.assign(new Error('secret text'), { code });
const query = (cause: Error) => new DrizzleQueryError('insert into secrets values ($1)', ['secret text'], cause);

describe('database errors', () => {
  it.each([
    ['refused by the server', withCode('23505'), false, false, 'SQLSTATE 23505'],
    ['shut down', withCode('57P01'), true, true, 'SQLSTATE 57P01'],
    ['connection reset', withCode('ECONNRESET'), true, true, 'ECONNRESET'],
    ['connection ended', new Error('Connection terminated unexpectedly'), true, true, 'Error'],
    [
      'never sent',
      new DatabaseUnavailableError('no connection'),
      true,
      false,
      'The database is not available: no connection',
    ],
    ['a mistake of ours', new TypeError('secret text'), false, false, 'TypeError'],
  ])('%s', (_name, cause, isAway, isUnknown, description) => {
    for (const error of [cause, query(cause)]) {
      expect(isUnavailable(error)).toBe(isAway);
      expect(isOutcomeUnknown(error)).toBe(isUnknown);
      expect(describeDatabaseError(error)).toBe(description);
    }
  });
});
