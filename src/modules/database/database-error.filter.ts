import { type ArgumentsHost, Catch } from '@nestjs/common';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { FastifyRequest } from 'fastify';
import pg from 'pg';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { ProblemFilter } from '../../common/http/problems/problem.filter.js';
import {
  DatabaseUnavailableError,
  describeDatabaseError,
  isOutcomeUnknown,
  isUnavailable,
  OutcomeUnknownError,
  sqlStateOf,
} from './database.errors.js';
import { type DatabaseFailure, failureOf, OUTCOME_UNKNOWN, UNAVAILABLE } from './sql-state.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Answers by the table of `sql-state.ts` when the database can't serve, and 500 to a statement that it refused. Drizzle's
 * own message quotes the statement and its parameters, which are texts of users: neither the caller nor the log gets it.
 */
@Catch(DrizzleQueryError, DatabaseUnavailableError, OutcomeUnknownError, pg.DatabaseError)
export class DatabaseErrorFilter extends ProblemFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const { method } = host.switchToHttp().getRequest<FastifyRequest>();
    const shown = isUnavailable(error)
      ? problemOf(error, SAFE_METHODS.has(method))
      : new Error(describeDatabaseError(error));
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- the catch of a filter, not of a promise
    super.catch(shown, host);
  }
}

function problemOf(error: unknown, isRead: boolean): ProblemException {
  const { status, type, title, detail, retryAfterS } = failureFor(error, isRead);
  const problem = new ProblemException(
    status,
    { type: `urn:larder:${type}`, title, detail },
    {
      'retry-after': String(retryAfterS),
    },
  );
  problem.message = describeDatabaseError(error);
  return problem;
}

/** A read whose answer was lost has no outcome to wonder about. */
function failureFor(error: unknown, isRead: boolean): DatabaseFailure {
  if (isOutcomeUnknown(error)) return isRead ? UNAVAILABLE : OUTCOME_UNKNOWN;
  const state = sqlStateOf(error) ?? stateOfCause(error);
  return (state === undefined ? undefined : failureOf(state)) ?? UNAVAILABLE;
}

/** Why no connection could be had, where the server said so: a wrong password is not mended by trying again. */
function stateOfCause(error: unknown): string | undefined {
  const root = error instanceof DrizzleQueryError ? error.cause : error;
  const state = root instanceof DatabaseUnavailableError ? sqlStateOf(root.cause) : undefined;
  return state !== undefined && failureOf(state)?.isOutcomeUnknown !== true ? state : undefined;
}
