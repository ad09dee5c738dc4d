/** What the log says of an error. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

const MAX_CAUSES = 5;

/**
 * An error for the log: its type, message, code, stack and causes, and nothing else. Clients hang what they were doing on
 * the errors they throw (ioredis the command's arguments, HTTP clients the request), which is other people's data.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutCredentials(String(error)) };
  const { code } = error as NodeJS.ErrnoException;
  const quotesQuery = isOfQuery(error);
  return {
    type: error.name,
    message: quotesQuery ? 'Failed query' : withoutCredentials(error.message),
    ...(code === undefined ? {} : { code: String(code) }),
    // A stack begins with the message.
    ...(error.stack === undefined || quotesQuery ? {} : { stack: withoutCredentials(error.stack) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}

/** What went wrong in one line, causes last: for what is expected to happen and needs no stack. */
export function summarizeError(error: unknown): string {
  const messages: string[] = [];
  let described: ErrorDescription | undefined = describeError(error);
  for (; described; described = described.cause) if (described.message !== '') messages.push(described.message);
  return messages.join(': ');
}

/** Whether its message quotes a statement and its parameters, which are texts of users, as Drizzle's and TypeORM's do. */
function isOfQuery(error: Error): boolean {
  const { query, params, parameters } = error as { query?: unknown; params?: unknown; parameters?: unknown };
  return typeof query === 'string' && Array.isArray(params ?? parameters);
}

/** The text with user and password of every URL in it masked. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1***@');
}
