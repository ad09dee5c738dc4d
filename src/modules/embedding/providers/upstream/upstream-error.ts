import { EmbeddingError } from '../../embedding.error.js';
import { RetryableError } from './retry/retryable.error.js';

/** An error answer of an upstream, whatever its dialect. */
export interface UpstreamErrorResponse {
  readonly status: number;
  /** As the upstream put it; told to the caller only when the input is to blame. */
  readonly message: string;
  /** When the upstream wants to be asked again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The key is wrong or may not do this. */
  readonly isBadKey: boolean;
}

/** What a refusal means for the caller, and whether it is worth another try. */
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
