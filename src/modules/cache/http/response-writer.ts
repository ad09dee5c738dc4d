import type { FastifyReply } from 'fastify';
import { type CacheStatus, formatCacheStatus } from './cache-status.js';
import { type Coding, CODINGS, negotiateCoding } from './content-coding.js';
import { isMatch, variantTag } from './entity-tag.js';
import type { RoutePlan } from './route-plan.js';
import type { StoredResponse } from './stored-response.js';

/** What of the client's request shapes a stored response. */
export interface ClientWishes {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** One variant of a stored response, ready to be sent any number of times. */
interface Variant {
  readonly headers: Readonly<Record<string, string>>;
  readonly entityTag: string;
  readonly bytes: Buffer | null;
}

type Variants = Record<string, Variant | undefined>;

const variantsOf = new WeakMap<StoredResponse, Variants>();

/**
 * Puts status and headers of a stored response on the reply and returns the bytes to send; `null` for none, as with 304.
 * Used for hits and for what the handler just made, so that both answer alike.
 */
export function writeResponse(
  plan: RoutePlan,
  reply: FastifyReply,
  response: StoredResponse,
  status: CacheStatus,
  client: ClientWishes,
): Buffer | null {
  const { headers, entityTag, bytes } = variantFor(plan, response, client.acceptEncoding);
  const ownVary = reply.getHeader('vary');
  const ownControl = headers['cache-control'] === undefined ? reply.getHeader('cache-control') : undefined;
  reply.headers(headers);
  if (ownVary !== undefined) reply.header('vary', joinNames([ownVary.toString(), headers['vary'] ?? '']));
  if (headers['cache-control'] === undefined) {
    reply.header('cache-control', ownControl ?? (response.status < 400 ? plan.cacheControl : 'no-cache'));
  }
  reply.header('cache-status', formatCacheStatus(status));
  const ageMs = Date.now() - response.madeAtMs;
  if (status.kind === 'hit' || ageMs >= 1_000) reply.header('age', Math.max(0, Math.floor(ageMs / 1_000)));

  if (response.status === 200 && isMatch(client.ifNoneMatch, entityTag)) {
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  }
  reply.code(response.status);
  return bytes;
}

function variantFor(plan: RoutePlan, response: StoredResponse, acceptEncoding: string | undefined): Variant {
  const codings = CODINGS.filter((coding) => response.variants[coding] !== undefined);
  const coding = negotiateCoding(acceptEncoding, codings);
  const known = variantsOf.get(response) ?? {};
  variantsOf.set(response, known);
  return (known[coding] ??= prepare(plan, response, coding, codings.length > 0));
}

function prepare(
  plan: RoutePlan,
  response: StoredResponse,
  coding: Coding | 'identity',
  hasVariants: boolean,
): Variant {
  const entityTag = variantTag(response.entityTag, coding);
  const vary = joinNames([
    ...plan.vary,
    ...(hasVariants ? ['accept-encoding'] : []),
    // Whoever caches this further down must not give it to those who show credentials.
    ...(plan.scope === undefined ? plan.credentialHeaders : []),
  ]);
  return {
    headers: {
      ...Object.fromEntries(response.headers),
      etag: entityTag,
      ...(vary === '' ? {} : { vary }),
      ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
    },
    entityTag,
    bytes: response.body.length === 0 ? null : coding === 'identity' ? response.body : response.variants[coding]!,
  };
}

/** A header's list of names, each once. */
function joinNames(lists: readonly string[]): string {
  const names = lists.join(',').split(',');
  return [...new Set(names.map((name) => name.trim().toLowerCase()))].filter((name) => name !== '').join(', ');
}
