import { DrizzleQueryError } from 'drizzle-orm/errors';
import {
  DatabaseUnavailableError,
  describeDatabaseError,
  isOutcomeUnknown,
  isUnavailable,
  OutcomeUnknownError,
} from './database.errors.js';

const withCode = (code: string) => Object.assign(new Error('secret text'), { code });
const query = (cause: Error) => new DrizzleQueryError('insert into secrets values ($1)', ['secret text'], cause);

describe('database errors', () => {
  it.each([
    ['refused by the server', withCode('23505'), false, false, 'SQLSTATE 23505'],
    ['shut down', withCode('57P01'), true, true, 'SQLSTATE 57P01'],
    ['ended for its time', withCode('57014'), true, false, 'SQLSTATE 57014'],
    ['read-only', withCode('25006'), true, false, 'SQLSTATE 25006'],
    ['on a full disk', withCode('53100'), true, false, 'SQLSTATE 53100'],
    ['of too many connections', withCode('53300'), true, false, 'SQLSTATE 53300'],
    ['lost by a pooler', withCode('08P01'), true, true, 'SQLSTATE 08P01'],
    ['written to a closed pipe', withCode('EPIPE'), true, true, 'EPIPE'],
    [
      'a lost commit',
      new OutcomeUnknownError('no answer'),
      true,
      true,
      'The outcome of the statement is unknown: no answer',
    ],
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
