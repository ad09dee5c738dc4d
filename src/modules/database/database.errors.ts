import { DrizzleQueryError } from 'drizzle-orm/errors';

/** The database can't be reached, or went away during a statement, whose outcome is then unknown. */
export class DatabaseUnavailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The database is not available: ${reason}`, options);
    this.name = 'DatabaseUnavailableError';
  }
}

/** Connection exceptions, and the server being shut down or starting. */
const UNAVAILABLE_CLASSES = ['08', '57'];

/** The five characters by which the server names an error; `undefined` when it was not the server that failed. */
export function sqlStateOf(error: unknown): string | undefined {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether a statement may have taken effect although it failed: the connection broke before the server's answer.
 * What the server itself refused took no effect.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || UNAVAILABLE_CLASSES.includes(state.slice(0, 2));
}

/** Whether the server refused a row because another has its key. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}

/** What may be said of a database error in a log: its class and SQLSTATE, never the statement or its parameters. */
export function describeDatabaseError(error: unknown): string {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (cause instanceof DatabaseUnavailableError) return cause.message;
  const state = sqlStateOf(error);
  if (state !== undefined) return `SQLSTATE ${state}`;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code ?? (cause instanceof Error ? cause.name : 'unknown error');
}
