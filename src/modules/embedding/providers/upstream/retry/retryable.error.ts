import type { EmbeddingError } from '../../../embedding.error.js';

/** A failure that may pass. When time is up, `outcome` is what the caller is told. */
export class RetryableError extends Error {
  constructor(
    readonly outcome: EmbeddingError,
    /** What the other side asked for, in milliseconds. Default back-off alone decides. */
    readonly retryAfterMs?: number,
  ) {
    super(outcome.message, { cause: outcome });
    this.name = 'RetryableError';
  }
}
