import { HttpException } from '@nestjs/common';

/** Kinds of errors, independent of a dialect. */
export type EmbeddingErrorKind =
  | 'invalid-input'
  | 'unauthenticated'
  | 'forbidden'
  | 'model-not-found'
  | 'rate-limited'
  | 'quota-exhausted'
  | 'not-cached'
  | 'upstream-refused-us'
  | 'upstream-unavailable'
  | 'upstream-timeout';

const STATUS: Record<EmbeddingErrorKind, number> = {
  'invalid-input': 400,
  unauthenticated: 401,
  forbidden: 403,
  'model-not-found': 404,
  'rate-limited': 429,
  'quota-exhausted': 429,
  'not-cached': 504,
  'upstream-refused-us': 502,
  'upstream-unavailable': 503,
  'upstream-timeout': 504,
};

/** Details of an {@link EmbeddingError}. */
export interface EmbeddingErrorDetails {
  /** The invalid field of the request, as `input` or `input.3`. */
  readonly param?: string;
  /** Position of the refused input, for errors about one input. */
  readonly index?: number | undefined;
  /** Time until a new attempt makes sense, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An error of the gateway; each dialect renders it in its own format. The message is for the caller and contains no text and no key. */
export class EmbeddingError extends HttpException {
  readonly param: string | undefined;
  readonly index: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly kind: EmbeddingErrorKind,
    message: string,
    details: EmbeddingErrorDetails = {},
  ) {
    super(message, STATUS[kind], details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'EmbeddingError';
    this.param = details.param;
    this.index = details.index;
    this.retryAfterMs = details.retryAfterMs;
  }
}
