import type { ErrorReply } from '../../../../common/http/problems/error-dialects.js';
import type { EmbeddingErrorKind } from '../../embedding.error.js';
import { type ErrorSummary, errorHeaders, summariseError } from '../error-summary.js';

const CODES: Partial<Record<EmbeddingErrorKind, string>> = {
  unauthenticated: 'invalid_api_key',
  'model-not-found': 'model_not_found',
  'rate-limited': 'rate_limit_exceeded',
  'quota-exhausted': 'insufficient_quota',
  'not-cached': 'not_cached',
  'upstream-refused-us': 'upstream_refused',
  'upstream-unavailable': 'upstream_unavailable',
  'upstream-timeout': 'upstream_timeout',
};

/** Renders an error in the format of OpenAI's API. */
export function renderOpenAiError(error: unknown): ErrorReply {
  const failure = summariseError(error);
  const { message, param, kind, status } = failure;
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...errorHeaders(failure) },
    body: JSON.stringify({ error: { message, type: typeOf(failure), param, code: (kind && CODES[kind]) ?? null } }),
  };
}

function typeOf({ kind, status }: ErrorSummary): string {
  if (kind === 'rate-limited') return 'requests';
  if (kind === 'quota-exhausted') return 'insufficient_quota';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
