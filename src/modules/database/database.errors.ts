import { DrizzleQueryError } from 'drizzle-orm/errors';

/** The database can't be reached; the statement was not sent. */
export class DatabaseUnavailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The database is not available: ${reason}`, options);
    this.name = 'DatabaseUnavailableError';
  }
}

/** Connection exceptions, and the server being shut down or starting. */
const UNAVAILABLE_CLASSES = new Set(['08', '57']);

/** The error below Drizzle's own, which quotes the statement and its parameters. */
function rootOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** The five characters by which the server names an error; `undefined` when it was not the server that failed. */
function sqlStateOf(error: unknown): string | undefined {
  const code = (rootOf(error) as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the database could not be reached or went away, rather than refused the statement. */
export function isUnavailable(error: unknown): boolean {
  const root = rootOf(error);
  if (root instanceof DatabaseUnavailableError) return true;
  const state = sqlStateOf(root);
  if (state !== undefined) return UNAVAILABLE_CLASSES.has(state.slice(0, 2));
  // The drivers' own errors have no class in common. These two are mistakes, found before anything was sent.
  return !(root instanceof TypeError || root instanceof RangeError);
}

/**
 * Whether a statement may have taken effect although it failed: the connection broke before the server's answer. What the
 * server refused, and what was never sent, took none.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return isUnavailable(error) && !(rootOf(error) instanceof DatabaseUnavailableError);
}

/** What may be said of a database error in a log: its class and SQLSTATE, never the statement or its parameters. */
export function describeDatabaseError(error: unknown): string {
  const root = rootOf(error);
  if (root instanceof DatabaseUnavailableError) return root.message;
  const state = sqlStateOf(root);
  if (state !== undefined) return `SQLSTATE ${state}`;
  const { code, name } = (root ?? {}) as Partial<NodeJS.ErrnoException>;
  return code ?? name ?? 'unknown error';
}
