/**
 * A method with `@CacheEvict` or `@CachePut` has done its work, and the cache was not told of all of it: a function that
 * needs the result threw, or the cache is closed. What could be evicted was evicted. Do not call the method again.
 */
export class WriteCompletedError extends Error {
  override readonly name = 'WriteCompletedError';

  constructor(
    /** `Class@method`. */
    readonly method: string,
    /** What the method gave. */
    readonly result: unknown,
    options: ErrorOptions,
  ) {
    super(
      `${method} has done its work, but the cache was not told of all of it: ${messageOf(options.cause)} Do not call it again.`,
      options,
    );
  }
}

function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.endsWith('.') ? text : `${text}.`;
}
