import type { EmbeddingError } from '../../../embedding.error.js';

/** A temporary failure. When the time is over, the caller gets `outcome`. */
export class RetryableError extends Error {
  constructor(
    readonly outcome: EmbeddingError,
    /** The delay the upstream asked for, in milliseconds. Default: the back-off alone decides. */
    readonly retryAfterMs?: number,
  ) {
    super(outcome.message, { cause: outcome });
    this.name = 'RetryableError';
  }
}
