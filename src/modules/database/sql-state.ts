/** A kind of failure that is the database's state rather than the statement's fault, and its answer over HTTP. */
export interface DatabaseFailure {
  readonly status: 503 | 507;
  /** Last part of the problem type `urn:larder:…`. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** Seconds for `Retry-After`. */
  readonly retryAfterS: number;
  /** Whether the statement may have taken effect all the same. */
  readonly isOutcomeUnknown?: boolean;
  /** Whether a transaction is run again, once, before the failure is reported. */
  readonly isRetried?: boolean;
  /** Whether the connection is replaced: it leads to a server that stays in this state. */
  readonly endsConnection?: boolean;
}

const AGAIN = 'Try again in a moment.';

/** The database was not reached, or refused the connection. */
export const UNAVAILABLE: DatabaseFailure = {
  status: 503,
  type: 'database-unavailable',
  title: 'The database is not available',
  detail: AGAIN,
  retryAfterS: 1,
};

/** The answer to a commit was lost. */
export const OUTCOME_UNKNOWN: DatabaseFailure = {
  status: 503,
  type: 'outcome-unknown',
  title: 'It is unknown whether the change was made',
  detail:
    'The database did not confirm the change, and may have made it. Repeat a request that had an Idempotency-Key with the same key, where its route takes one (documents do); read before you repeat any other.',
  retryAfterS: 1,
  isOutcomeUnknown: true,
  endsConnection: true,
};

const TIMEOUT: DatabaseFailure = {
  status: 503,
  type: 'database-timeout',
  title: 'The database took too long',
  detail: `The statement was ended and nothing was changed. ${AGAIN}`,
  retryAfterS: 2,
};

const LOCK: DatabaseFailure = {
  status: 503,
  type: 'database-lock',
  title: 'Another transaction holds the data',
  detail: `Nothing was changed. ${AGAIN}`,
  retryAfterS: 1,
};

const DEADLOCK: DatabaseFailure = {
  ...LOCK,
  type: 'database-deadlock',
  title: 'Transactions waited for each other',
  isRetried: true,
};

const SERIALIZATION: DatabaseFailure = {
  ...LOCK,
  type: 'database-serialization',
  title: 'Another transaction changed the data meanwhile',
  isRetried: true,
};

const READ_ONLY: DatabaseFailure = {
  status: 503,
  type: 'database-read-only',
  title: 'The database is read-only now',
  detail: 'It is a replica, was made read-only, or its disk is full. Reads work; nothing was changed.',
  retryAfterS: 5,
  endsConnection: true,
};

const PERMISSION: DatabaseFailure = {
  status: 503,
  type: 'database-permission',
  title: 'The service may not do this in the database',
  detail: 'The role of the service lacks a privilege: it may be one that only reads. Nothing was changed.',
  retryAfterS: 60,
};

const DISK_FULL: DatabaseFailure = {
  status: 507,
  type: 'database-disk-full',
  title: 'The disk of the database is full',
  detail: 'Reads work; nothing was changed.',
  retryAfterS: 30,
};

const OVERLOADED: DatabaseFailure = {
  ...UNAVAILABLE,
  type: 'database-overloaded',
  title: 'The database has no room for another connection or statement',
  retryAfterS: 5,
};

const LOGIN: DatabaseFailure = {
  ...UNAVAILABLE,
  type: 'database-login',
  title: 'The service may not log in to the database',
  detail: 'The database refuses its user, password or database name. An operator has to change that.',
  retryAfterS: 30,
};

/**
 * SQLSTATEs by which PostgreSQL says that it can't serve, whole or by their class (the first two characters). A state
 * that is not listed is the statement's own fault: 500, unless a feature handles it.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const FAILURES: Readonly<Record<string, DatabaseFailure>> = {
  '57014': TIMEOUT,
  '25P03': TIMEOUT,
  '25P04': TIMEOUT,
  '55P03': LOCK,
  '40P01': DEADLOCK,
  '40001': SERIALIZATION,
  '40003': OUTCOME_UNKNOWN,
  '25006': READ_ONLY,
  '42501': PERMISSION,
  '53100': DISK_FULL,
  '58030': { ...UNAVAILABLE, endsConnection: true },
  '3D000': LOGIN,
  // A pooler in between says 08P01 when it lost the server, which may have been after the commit.
  '08': OUTCOME_UNKNOWN,
  '28': LOGIN,
  '53': OVERLOADED,
  '57': OUTCOME_UNKNOWN,
};

/** The row of {@link FAILURES} for a SQLSTATE. */
export function failureOf(sqlState: string): DatabaseFailure | undefined {
  return FAILURES[sqlState] ?? FAILURES[sqlState.slice(0, 2)];
}
