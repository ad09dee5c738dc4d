import { isAscii } from 'node:buffer';
import type { FastifyReply } from 'fastify';
import { type CacheStatus, formatCacheStatus } from './cache-status.js';
import { type Coding, CODINGS, negotiateCoding } from './content-coding.js';
import { isMatch, variantTag } from './entity-tag.js';
import { joinNames } from './header-names.js';
import type { RouteSettings } from './route-settings.js';
import type { StoredResponse } from './stored-response.js';

/** The request headers that decide how a stored response is sent: content negotiation and precondition (RFC 9110 12, 13). */
export interface ClientPreferences {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** A body as it is handed to Fastify. */
export type Payload = Buffer | string;

/** Node writes a string body up to this size together with the head of the response; a buffer takes a second write. */
const MAX_TEXT_BYTES = 16_384;

/** One variant of a stored response, in the form it is sent. */
interface Variant {
  readonly headers: Readonly<Record<string, string>>;
  readonly entityTag: string;
  readonly bytes: Buffer | null;
  /** Whether the body is sent as a string, see {@link MAX_TEXT_BYTES}. */
  readonly isText: boolean;
}

/** The variants of one stored response; each is built at its first use. */
interface Variants {
  readonly codings: readonly Coding[];
  readonly made: Record<string, Variant | undefined>;
}

const variantsOf = new WeakMap<StoredResponse, Variants>();

/**
 * Puts status and headers of a stored response on the reply and returns the body to send; `null` for none, as with 304.
 * Hits and responses the handler has just produced both pass here, so that clients see no difference.
 */
export function writeResponse(
  route: RouteSettings,
  reply: FastifyReply,
  response: StoredResponse,
  status: CacheStatus,
  client: ClientPreferences,
): Payload | null {
  const { headers, entityTag, bytes, isText } = variantFor(route, response, client.acceptEncoding);
  const ownVary = reply.getHeader('vary');
  const ownControl = headers['cache-control'] === undefined ? reply.getHeader('cache-control') : undefined;
  reply.headers(headers);
  if (ownVary !== undefined) reply.header('vary', joinNames([ownVary.toString(), headers['vary'] ?? '']));
  if (headers['cache-control'] === undefined) {
    reply.header('cache-control', ownControl ?? (response.status < 400 ? route.cacheControl : 'no-cache'));
  }
  // A hook has set a cookie for this client. The stored response is shared; this copy of it must not be.
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

function variantFor(route: RouteSettings, response: StoredResponse, acceptEncoding: string | undefined): Variant {
  let variants = variantsOf.get(response);
  if (!variants) {
    variants = { codings: CODINGS.filter((coding) => response.variants[coding] !== undefined), made: {} };
    variantsOf.set(response, variants);
  }
  const { codings, made } = variants;
  const coding = negotiateCoding(acceptEncoding, codings);
  return (made[coding] ??= prepare(route, response, coding, codings.length > 0));
}

function prepare(
  route: RouteSettings,
  response: StoredResponse,
  coding: Coding | 'identity',
  hasVariants: boolean,
): Variant {
  const entityTag = variantTag(response.entityTag, coding);
  const body = coding === 'identity' ? response.body : response.variants[coding]!;
  const vary = hasVariants ? route.variedBy.coding : route.variedBy.plain;
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
