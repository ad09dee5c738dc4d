import { toProblem } from '../../../common/http/problems/problem.js';
import { EmbeddingError, type EmbeddingErrorKind } from '../embedding.error.js';

/** The parts of an error that a foreign dialect can express. */
export interface ErrorSummary {
  readonly status: number;
  /** `undefined` for errors that the gateway did not raise: a body too large, broken JSON, an unknown path, a defect. */
  readonly kind: EmbeddingErrorKind | undefined;
  readonly message: string;
  /** The invalid field, as `input` or `dimensions`. */
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

/** Summarises any error. Internal details are left out. */
export function summariseError(error: unknown): ErrorSummary {
  if (error instanceof EmbeddingError) {
    const { kind, message, param = null, retryAfterMs } = error;
    return { status: error.getStatus(), kind, message, param, retryAfterMs, isRetryable: RETRYABLE_KINDS.has(kind) };
  }
  const { status, title, detail = title, errors } = toProblem(error);
  const param = errors?.[0]?.pointer.slice(1).replaceAll('/', '.') || null;
  // Every dialect has its own place for the field's name.
  const message = errors?.map((field) => field.detail).join('; ') || detail;
  return { status, kind: undefined, message, param, retryAfterMs: undefined, isRetryable: status >= 500 };
}

/** Headers of an error that official clients obey: OpenAI's `x-should-retry`, and `retry-after`. */
export function errorHeaders({ status, isRetryable, retryAfterMs }: ErrorSummary): Record<string, string> {
  // A client that is still sending would lose the answer if the connection were closed.
  if (status === 413) return { connection: 'keep-alive' };
  if (status < 429) return {};
  return {
    'x-should-retry': String(isRetryable),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  };
}
