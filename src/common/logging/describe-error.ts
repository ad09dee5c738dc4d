import { withoutCredentials } from './without-credentials.js';

/** An error as it appears in the log. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const MAX_CAUSES = 5;

/**
 * Describes an error for the log: its type, message, code, stack and causes only. Client libraries attach other data to their
 * errors (ioredis the arguments of the command, HTTP clients the request), which may belong to users.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutCredentials(String(error)) };
  const { code } = error as NodeJS.ErrnoException;
  const quotesQuery = isOfQuery(error);
  return {
    type: error.name,
    message: quotesQuery ? 'Failed query' : withoutCredentials(error.message),
    ...(code === undefined ? {} : { code: String(code) }),
    // The stack begins with the message, which was changed.
    ...(error.stack === undefined || quotesQuery ? {} : { stack: withoutCredentials(error.stack) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Describes an error in one line, causes last, for expected errors that need no stack. */
export function summarizeError(error: unknown): string {
  const messages: string[] = [];
  let described: ErrorDescription | undefined = describeError(error);
  for (; described; described = described.cause) if (described.message !== '') messages.push(described.message);
  return messages.join(': ');
}

/** Whether its message contains a statement and its parameters, which may be texts of users, as messages of Drizzle and TypeORM do. */
function isOfQuery(error: Error): boolean {
  const { query, params, parameters } = error as { query?: unknown; params?: unknown; parameters?: unknown };
  return typeof query === 'string' && Array.isArray(params ?? parameters);
}
