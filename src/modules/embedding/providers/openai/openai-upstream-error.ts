import { z } from 'zod';
import { EmbeddingError } from '../../embedding.error.js';
import type { RetryableError } from '../upstream/retry/retryable.error.js';
import { classifyUpstreamError } from '../upstream/upstream-error.js';

/** Formats of errors: OpenAI's, TEI's flat one (`message`), and the format in which `error` is the message. */
const errorSchema = z.object({
  message: z.string().catch(''),
  code: z.union([z.string(), z.number()]).nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
});

/** Classifies an error of an OpenAI-compatible upstream: the error for the caller, and whether another attempt may succeed. */
export function classifyOpenAiError(
  status: number,
  answer: unknown,
  headers: Headers,
): EmbeddingError | RetryableError {
  const error = (answer as { error?: unknown } | undefined)?.error ?? answer;
  const parsed = errorSchema.safeParse(typeof error === 'string' ? { message: error } : error);
  const { message, code, type } = parsed.success ? parsed.data : { message: '' };
  const retryAfterMs = readRetryAfter(headers);
  if (code === 'insufficient_quota' || type === 'insufficient_quota') {
    return new EmbeddingError('quota-exhausted', 'The upstream account has no quota left.', { retryAfterMs });
  }
  return classifyUpstreamError({ status, message, retryAfterMs, isBadKey: status === 401 || status === 403 });
}

/** Reads `retry-after-ms`, or `retry-after` in seconds. For dates the back-off alone decides. */
function readRetryAfter(headers: Headers): number | undefined {
  for (const [name, unitMs] of [
    ['retry-after-ms', 1],
    ['retry-after', 1_000],
  ] as const) {
    const value = Number(headers.get(name) ?? Number.NaN);
    if (Number.isFinite(value) && value >= 0) return value * unitMs;
  }
  return undefined;
}
