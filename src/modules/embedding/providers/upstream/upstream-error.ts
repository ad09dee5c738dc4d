import { EmbeddingError } from '../../embedding.error.js';
import { RetryableError } from './retry/retryable.error.js';

/** An error response of an upstream, independent of its dialect. */
export interface UpstreamErrorResponse {
  readonly status: number;
  /** The upstream's message. The caller gets it only for an error of the input. */
  readonly message: string;
  /** The delay the upstream asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the key is wrong or lacks a permission. */
  readonly isBadKey: boolean;
}

/** Classifies an error response: the error for the caller, and whether another attempt may succeed. */
export function classifyUpstreamError({
  status,
  message,
  retryAfterMs,
  isBadKey,
}: UpstreamErrorResponse): EmbeddingError | RetryableError {
  if (status === 429) {
    return new RetryableError(
      new EmbeddingError('rate-limited', 'The upstream quota is used up for now.', { retryAfterMs }),
      retryAfterMs,
    );
  }
  if (status === 408 || status === 409 || status >= 500) {
    return new RetryableError(
      new EmbeddingError('upstream-unavailable', `The upstream answered ${status}.`),
      retryAfterMs,
    );
  }
  if (isBadKey)
    return new EmbeddingError('upstream-refused-us', 'The upstream refused the key this service is configured with.');
  if (status === 404) {
    return new EmbeddingError(
      'upstream-refused-us',
      'The upstream does not know this model; it may be retired. Configure another.',
    );
  }
  return new EmbeddingError(
    'invalid-input',
    `The upstream refused the input: ${message.slice(0, 200) || `status ${status}`}`,
    { param: 'input' },
  );
}
