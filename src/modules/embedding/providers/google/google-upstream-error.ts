import { z } from 'zod';
import type { UpstreamErrorResponse } from '../upstream/upstream-error.js';

const errorSchema = z.object({
  error: z.object({
    message: z.string().catch(''),
    details: z.array(z.record(z.string(), z.unknown())).catch([]),
  }),
});
const violationSchema = z.object({ violations: z.array(z.object({ quotaId: z.string().catch('') })) });

/** An error response of the Gemini API. */
export interface GoogleErrorResponse extends UpstreamErrorResponse {
  /** Only the id of the quota distinguishes a quota per day from one per minute. For a day, `RetryInfo` is wrong. */
  readonly isDayQuota: boolean;
}

/** Parses an error response. Some of Google's front ends wrap it in an array, and any part may be missing. */
export function readGoogleError(status: number, answer: unknown): GoogleErrorResponse {
  const parsed = errorSchema.safeParse(Array.isArray(answer) ? answer[0] : answer);
  const { message, details } = parsed.success ? parsed.data.error : { message: '', details: [] };
  const detail = (type: string) => details.find((item) => String(item['@type']).endsWith(type));
  const violations = violationSchema.safeParse(detail('google.rpc.QuotaFailure'));
  return {
    status,
    message,
    retryAfterMs: parseProtoDuration(detail('google.rpc.RetryInfo')?.['retryDelay']),
    isDayQuota: violations.success && violations.data.violations.some(({ quotaId }) => quotaId.includes('PerDay')),
    isBadKey:
      status === 401 ||
      status === 403 ||
      details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
      /API key not valid/i.test(message),
  };
}

function parseProtoDuration(duration: unknown): number | undefined {
  const seconds = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000);
}
