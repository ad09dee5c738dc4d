import type { FastifyRequest } from 'fastify';

const ACTION = /\/models\/[^/?]+(?::|%3a)\w+/i;

/**
 * Whether a request comes from a client of the Gemini API. Such clients use `/v1beta` or, since @google/genai 3, `/v1`,
 * which is also OpenAI's path. Their headers, and the colon before an action, distinguish them.
 */
export function isGoogleRequest({ url, headers }: Pick<FastifyRequest, 'url' | 'headers'>): boolean {
  return (
    url.startsWith('/v1beta/') ||
    headers['x-goog-api-key'] !== undefined ||
    headers['x-goog-api-client'] !== undefined ||
    ACTION.test(url)
  );
}
