import type { ErrorReply } from '../../../../common/http/problems/error-dialects.js';
import { type ErrorSummary, errorHeaders, summariseError } from '../error-summary.js';

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Renders an error in the format of Google's APIs (google.rpc.Status in JSON). */
export function renderGoogleError(error: unknown): ErrorReply {
  const failure = summariseError(error);
  const { status: code, message } = failure;
  const status = STATUSES[code] ?? (code >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
  return {
    status: code,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...errorHeaders(failure) },
    body: JSON.stringify({ error: { code, message, status, ...detailsOf(failure) } }),
  };
}

function detailsOf({ kind, retryAfterMs, param, message }: ErrorSummary): { details?: readonly unknown[] } {
  const details = [
    ...(kind === 'unauthenticated'
      ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }]
      : []),
    ...(param === null
      ? []
      : [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: param, description: message }],
          },
        ]),
    ...(retryAfterMs === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.ceil(retryAfterMs / 1_000)}s` }]),
  ];
  return details.length === 0 ? {} : { details };
}
