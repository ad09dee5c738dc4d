import type { FastifyRequest } from 'fastify';

const ACTION = /\/models\/[^/?]+(?::|%3a)\w+/i;

/**
 * Whether a client of the Gemini API is asking. Its clients use `/v1beta` or, since @google/genai 3, `/v1`, which is
 * OpenAI's path too; their headers and the colon before an action tell them apart.
 */
export function isGoogleRequest({ url, headers }: Pick<FastifyRequest, 'url' | 'headers'>): boolean {
  return (
    url.startsWith('/v1beta/') ||
    headers['x-goog-api-key'] !== undefined ||
    headers['x-goog-api-client'] !== undefined ||
    ACTION.test(url)
  );
}
