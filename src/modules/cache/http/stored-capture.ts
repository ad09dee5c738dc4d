import type { FastifyReply } from 'fastify';
import { parseCacheControl } from './cache-control.js';
import { compressedVariants } from './content-coding.js';
import { strongTag } from './entity-tag.js';
import type { Freshness } from './freshness.js';
import type { RouteSettings } from './route-settings.js';
import { type StoredHeader, storedHeaders } from './stored-headers.js';
import type { StoredResponse } from './stored-response.js';

/** Headers that describe the bytes as they are: other bytes would make them wrong. */
const DESCRIBES_BYTES = ['content-encoding', 'content-digest', 'repr-digest', 'digest', 'content-md5', 'content-range'];

/** Makes the stored form of a reply that is about to be sent. `added` are the headers set since its handler began. */
export async function captureResponse(
  route: RouteSettings,
  reply: FastifyReply,
  payload: unknown,
  added: readonly StoredHeader[],
  freshness: Freshness,
): Promise<StoredResponse> {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from((payload as string | null | undefined) ?? '');
  const headers = storedHeaders(added);
  const isError = reply.statusCode >= 400;
  return {
    status: reply.statusCode,
    headers: isError ? headers.filter(([name]) => name !== 'cache-control') : headers,
    entityTag: reply.getHeader('etag')?.toString() ?? strongTag(body),
    madeAtMs: Date.now() - freshness.ageMs,
    body,
    variants:
      route.isCompressed && mayBeCompressed(reply)
        ? await compressedVariants(body, reply.getHeader('content-type')?.toString())
        : {},
  };
}

/** Compression is a transformation (RFC 9110 7.7). */
function mayBeCompressed(reply: FastifyReply): boolean {
  const control = parseCacheControl(reply.getHeader('cache-control')?.toString());
  return !control.has('no-transform') && !DESCRIBES_BYTES.some((name) => reply.hasHeader(name));
}
