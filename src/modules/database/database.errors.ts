import { failureOf } from './sql-state.js';

/**
 * The database can't be used now, and the statement or transaction that was asked for has changed nothing: it was not
 * sent, or the connection was lost before the commit was sent.
 */
export class DatabaseUnavailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The database is not available: ${reason}`, options);
    this.name = 'DatabaseUnavailableError';
  }
}

/**
 * A commit, or a statement that commits by itself, was sent and its answer did not arrive. Whether it took effect is
 * known only to the database. Repeat it only if a second execution is harmless.
 */
export class OutcomeUnknownError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The outcome of the statement is unknown: ${reason}`, options);
    this.name = 'OutcomeUnknownError';
  }
}

/** The cause of Drizzle's error, whose own message contains the statement and its parameters. */
function rootOf(error: unknown): unknown {
  return isDrizzleQueryError(error) ? rootOf(error.cause) : error;
}

/** Not decided by class: an application may have another copy of Drizzle, or none. */
function isDrizzleQueryError(error: unknown): error is Error {
  return error instanceof Error && 'query' in error && 'params' in error;
}

/** The five characters by which the server names an error; `undefined` for an error that is not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  const root = rootOf(error) as { code?: unknown; severity?: unknown } | undefined;
  const code = root?.code;
  // `EPIPE` has the shape of a SQLSTATE.
  const isState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE';
  return isState ? code : undefined;
}

/**
 * Whether the database could not serve: it was not reached, went away, is read-only, full, locked or too slow. False for
 * a statement that the database refused because of the statement itself.
 */
export function isUnavailable(error: unknown): boolean {
  const root = rootOf(error);
  if (root instanceof DatabaseUnavailableError || root instanceof OutcomeUnknownError) return true;
  const state = sqlStateOf(root);
  if (state !== undefined) return failureOf(state) !== undefined;
  // The drivers' own errors have no class in common. These two are mistakes of the caller, found before anything was sent.
  return !(root instanceof TypeError || root instanceof RangeError);
}

/**
 * Whether a statement may have taken effect although it failed: the connection broke before the server's answer. A
 * statement that the server refused, or that was never sent, took no effect.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const root = rootOf(error);
  if (root instanceof OutcomeUnknownError) return true;
  if (root instanceof DatabaseUnavailableError) return false;
  const state = sqlStateOf(root);
  return state === undefined ? isUnavailable(root) : failureOf(state)?.isOutcomeUnknown === true;
}

/** The part of a database error that may be logged: its class and SQLSTATE, never the statement or its parameters. */
export function describeDatabaseError(error: unknown): string {
  const root = rootOf(error);
  if (root instanceof DatabaseUnavailableError || root instanceof OutcomeUnknownError) return root.message;
  const state = sqlStateOf(root);
  if (state !== undefined) return `SQLSTATE ${state}`;
  const { code, name } = (root ?? {}) as Partial<NodeJS.ErrnoException>;
  return code ?? name ?? 'unknown error';
}
