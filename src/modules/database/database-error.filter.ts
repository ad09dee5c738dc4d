import { type ArgumentsHost, Catch } from '@nestjs/common';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { ProblemFilter } from '../../common/http/problems/problem.filter.js';
import { DatabaseUnavailableError, describeDatabaseError, isUnavailable } from './database.errors.js';

/**
 * Answers 503 while the database is away and 500 for what it refused. Drizzle's own message quotes the statement and its
 * parameters, which are texts of users: neither the caller nor the log gets it.
 */
@Catch(DrizzleQueryError, DatabaseUnavailableError)
export class DatabaseErrorFilter extends ProblemFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a filter's catch, no promise's
    super.catch(isUnavailable(error) ? unavailable(error) : new Error(describeDatabaseError(error)), host);
  }
}

function unavailable(error: unknown): ProblemException {
  const problem = new ProblemException(503, {
    type: 'urn:larder:database-unavailable',
    title: 'The database is not available',
    detail: 'Try again in a moment.',
  });
  problem.message = describeDatabaseError(error);
  return problem;
}
