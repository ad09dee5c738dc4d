import { isAscii } from 'node:buffer';
import type { FastifyReply } from 'fastify';
import { type CacheStatus, formatCacheStatus } from './cache-status.js';
import { type Coding, CODINGS, negotiateCoding } from './content-coding.js';
import { isMatch, variantTag } from './entity-tag.js';
import { joinNames } from './header-names.js';
import type { RoutePlan } from './route-plan.js';
import type { StoredResponse } from './stored-response.js';

/** What of the client's request shapes a stored response. */
export interface ClientWishes {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** A body as it is handed to Fastify. */
export type Payload = Buffer | string;

/** Up to this many bytes Node joins a text with the head of the response in one write; a buffer is a second one. */
const MAX_TEXT_BYTES = 16_384;

/** One variant of a stored response, ready to be sent any number of times. */
interface Variant {
  readonly headers: Readonly<Record<string, string>>;
  readonly entityTag: string;
  readonly bytes: Buffer | null;
  /** Whether the bytes are better sent as text. */
  readonly isText: boolean;
}

/** What a response can be sent as, made when it is first asked for. */
interface Variants {
  readonly codings: readonly Coding[];
  readonly made: Record<string, Variant | undefined>;
}

const variantsOf = new WeakMap<StoredResponse, Variants>();

/**
 * Puts status and headers of a stored response on the reply and returns the body to send; `null` for none, as with 304.
 * Used for hits and for what the handler just made, so that both answer alike.
 */
export function writeResponse(
  plan: RoutePlan,
  reply: FastifyReply,
  response: StoredResponse,
  status: CacheStatus,
  client: ClientWishes,
): Payload | null {
  const { headers, entityTag, bytes, isText } = variantFor(plan, response, client.acceptEncoding);
  const ownVary = reply.getHeader('vary');
  const ownControl = headers['cache-control'] === undefined ? reply.getHeader('cache-control') : undefined;
  reply.headers(headers);
  if (ownVary !== undefined) reply.header('vary', joinNames([ownVary.toString(), headers['vary'] ?? '']));
  if (headers['cache-control'] === undefined) {
    reply.header('cache-control', ownControl ?? (response.status < 400 ? plan.cacheControl : 'no-cache'));
  }
  // Somebody's cookie, set on its way here: the response is shared, what is sent now must not be.
  if (reply.hasHeader('set-cookie')) reply.header('cache-control', 'private, no-cache');
  reply.header('cache-status', formatCacheStatus(status));
  const ageMs = Date.now() - response.madeAtMs;
  if (status.kind === 'hit' || ageMs >= 1_000) reply.header('age', Math.max(0, Math.floor(ageMs / 1_000)));

  if (response.status === 200 && isMatch(client.ifNoneMatch, entityTag)) {
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  }
  reply.code(response.status);
  return isText ? bytes!.toString('latin1') : bytes;
}

function variantFor(plan: RoutePlan, response: StoredResponse, acceptEncoding: string | undefined): Variant {
  let variants = variantsOf.get(response);
  if (!variants) {
    variants = { codings: CODINGS.filter((coding) => response.variants[coding] !== undefined), made: {} };
    variantsOf.set(response, variants);
  }
  const { codings, made } = variants;
  const coding = negotiateCoding(acceptEncoding, codings);
  return (made[coding] ??= prepare(plan, response, coding, codings.length > 0));
}

function prepare(
  plan: RoutePlan,
  response: StoredResponse,
  coding: Coding | 'identity',
  hasVariants: boolean,
): Variant {
  const entityTag = variantTag(response.entityTag, coding);
  const body = coding === 'identity' ? response.body : response.variants[coding]!;
  const vary = hasVariants ? plan.variedBy.coding : plan.variedBy.plain;
  return {
    headers: {
      ...Object.fromEntries(response.headers),
      etag: entityTag,
      ...(vary === '' ? {} : { vary }),
      ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
    },
    entityTag,
    bytes: response.body.length === 0 ? null : body,
    isText: body.length > 0 && body.length <= MAX_TEXT_BYTES && isAscii(body),
  };
}
