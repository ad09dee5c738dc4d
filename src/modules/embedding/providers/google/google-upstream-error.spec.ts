import { classifyUpstreamError } from '../upstream/upstream-error.js';
import { readGoogleError } from './google-upstream-error.js';

const quota = (quotaId: string, retryDelay?: string) => ({
  error: {
    code: 429,
    message: 'You exceeded your current quota.',
    status: 'RESOURCE_EXHAUSTED',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaMetric: 'm', quotaId }] },
      ...(retryDelay ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }] : []),
    ],
  },
});

describe('error responses of the Gemini API', () => {
  it.each([
    ['37s', 37_000],
    ['45.4s', 45_400],
    ['0.1s', 100],
    ['soon', undefined],
  ])('reads a RetryInfo of %s', (retryDelay, retryAfterMs) => {
    expect(readGoogleError(429, quota('PerMinute', retryDelay)).retryAfterMs).toBe(retryAfterMs);
  });

  it('tells a minute quota from a day quota by its id alone', () => {
    expect(readGoogleError(429, quota('EmbedContentRequestsPerMinutePerUser', '45s')).isDayQuota).toBe(false);
    expect(readGoogleError(429, quota('EmbedContentRequestsPerDayPerUser', '45s')).isDayQuota).toBe(true);
  });

  it.each([
    ['no body', undefined],
    ['text', 'Bad Gateway'],
    ['an error without details', { error: { message: 'slow down' } }],
    ['details of another kind', { error: { message: 'slow down', details: 'none' } }],
  ])('makes do with %s', (_name, answer) => {
    expect(classifyUpstreamError(readGoogleError(429, answer))).toMatchObject({ outcome: { kind: 'rate-limited' } });
  });

  it('reads an error wrapped in an array', () => {
    expect(readGoogleError(400, [{ error: { message: 'wrapped' } }]).message).toBe('wrapped');
  });

  it.each([
    [400, { error: { message: 'content is empty' } }, 'invalid-input'],
    [400, { error: { message: 'API key not valid. Please pass a valid API key.' } }, 'upstream-refused-us'],
    [401, undefined, 'upstream-refused-us'],
    [403, undefined, 'upstream-refused-us'],
    [404, undefined, 'upstream-refused-us'],
  ])('takes %d for final: %j is %s', (status, answer, kind) => {
    expect(classifyUpstreamError(readGoogleError(status, answer))).toMatchObject({ kind });
  });

  it.each([408, 429, 500, 502, 503, 504])('takes %d for something that may pass', (status) => {
    expect(classifyUpstreamError(readGoogleError(status, undefined))).toHaveProperty('outcome');
  });
});
