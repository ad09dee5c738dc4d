import type { FastifyReply } from 'fastify';
import { type CacheStatus, formatCacheStatus } from './cache-status.js';
import { CODINGS, negotiateCoding } from './content-coding.js';
import { isMatch, variantTag } from './entity-tag.js';
import type { RoutePlan } from './route-plan.js';
import type { StoredResponse } from './stored-response.js';

/** What of the client's request shapes a stored response. */
export interface ClientWishes {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/**
 * Puts status and headers of a stored response on the reply and returns the bytes to send; `null` for none, as with 304. Used for hits
 * and for what the handler just made, so that both answer alike.
 */
export function writeResponse(
  plan: RoutePlan,
  reply: FastifyReply,
  response: StoredResponse,
  status: CacheStatus,
  client: ClientWishes,
): Buffer | null {
  const codings = CODINGS.filter((coding) => response.variants[coding] !== undefined);
  const coding = negotiateCoding(client.acceptEncoding, codings);
  const entityTag = variantTag(response.entityTag, coding);

  for (const [name, value] of response.headers) reply.header(name, value);
  if (!reply.hasHeader('cache-control'))
    reply.header('cache-control', response.status < 400 ? plan.cacheControl : 'no-cache');
  const vary = varyOf(plan, reply.getHeader('vary')?.toString(), codings.length > 0);
  if (vary !== '') reply.header('vary', vary);
  reply.header('etag', entityTag);
  reply.header('cache-status', formatCacheStatus(status));
  const ageMs = Date.now() - response.madeAtMs;
  if (status.kind === 'hit' || ageMs >= 1_000) reply.header('age', Math.max(0, Math.floor(ageMs / 1_000)));

  if (response.status === 200 && isMatch(client.ifNoneMatch, entityTag)) {
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  }
  reply.code(response.status);
  if (response.body.length === 0) return null;
  if (coding === 'identity') return response.body;
  reply.header('content-encoding', coding);
  return response.variants[coding] ?? response.body;
}

/** Whoever caches this further down must know what the answer depends on. */
function varyOf(plan: RoutePlan, present: string | undefined, hasVariants: boolean): string {
  const names = new Set((present ?? '').split(',').map((name) => name.trim().toLowerCase()));
  for (const name of plan.vary) names.add(name);
  if (hasVariants) names.add('accept-encoding');
  if (plan.scope === undefined) for (const name of plan.credentialHeaders) names.add(name);
  names.delete('');
  return [...names].join(', ');
}
