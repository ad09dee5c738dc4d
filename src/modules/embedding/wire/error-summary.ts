import { toProblem } from '../../../common/http/problems/problem.js';
import { EmbeddingError, type EmbeddingErrorKind } from '../embedding.error.js';

/** Anything thrown, as far as a foreign dialect can tell it. */
export interface ErrorSummary {
  readonly status: number;
  /** `undefined` for what isn't the gateway's own: a body too large, broken JSON, an unknown path, a defect. */
  readonly kind: EmbeddingErrorKind | undefined;
  readonly message: string;
  /** The wrong field, as `input` or `dimensions`. */
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;
  /** Whether the same request may succeed later. */
  readonly isRetryable: boolean;
}

const RETRYABLE_KINDS: ReadonlySet<EmbeddingErrorKind> = new Set([
  'rate-limited',
  'upstream-unavailable',
  'upstream-timeout',
]);

/** Reads whatever was thrown; tells nothing of what went wrong inside. */
export function summariseError(error: unknown): ErrorSummary {
  if (error instanceof EmbeddingError) {
    const { kind, message, param = null, retryAfterMs } = error;
    return { status: error.getStatus(), kind, message, param, retryAfterMs, isRetryable: RETRYABLE_KINDS.has(kind) };
  }
  const { status, title, detail = title, errors } = toProblem(error);
  const param = errors?.[0]?.pointer.slice(1).replaceAll('/', '.') || null;
  // The field has a place of its own in every dialect.
  const message = errors?.map((one) => one.detail).join('; ') || detail;
  return { status, kind: undefined, message, param, retryAfterMs: undefined, isRetryable: status >= 500 };
}

/** Headers of an error: what official clients obey (`x-should-retry`, OpenAI's, and `retry-after`). */
export function errorHeaders({ status, isRetryable, retryAfterMs }: ErrorSummary): Record<string, string> {
  // Closing the connection on someone who is still sending would take the answer away again.
  if (status === 413) return { connection: 'keep-alive' };
  if (status < 429) return {};
  return {
    'x-should-retry': String(isRetryable),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  };
}
