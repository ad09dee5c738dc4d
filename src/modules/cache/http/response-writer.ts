import { isAscii } from 'node:buffer';
import type { FastifyReply } from 'fastify';
import { type CacheStatus, formatCacheStatus } from './cache-status.js';
import { type Coding, CODINGS, negotiateCoding } from './content-coding.js';
import { isMatch, variantTag } from './entity-tag.js';
import { parseHttpDate } from './freshness.js';
import { joinNames } from './header-names.js';
import type { RouteSettings } from './route-settings.js';
import type { StoredResponse } from './stored-response.js';

/** The request headers that decide how a stored response is sent: content negotiation and precondition (RFC 9110 12, 13). */
export interface ClientPreferences {
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
}

/** Node writes a string body up to this size together with the head of the response; a buffer takes a second write. */
const MAX_TEXT_BYTES = 16_384;

/** The bodies that are sent as a string, see {@link MAX_TEXT_BYTES}. */
const texts = new WeakSet<Buffer>();

/**
 * Representation metadata, which a 304 leaves out (RFC 9110 15.4.5): the client has it with the response that it keeps. The
 * entity tag stands for `last-modified`.
 */
const REPRESENTATION_METADATA = new Set([
  ...['content-type', 'content-length', 'content-encoding', 'content-language', 'content-range', 'content-md5'],
  ...['content-digest', 'repr-digest', 'digest', 'last-modified'],
]);

/** One variant of a stored response, in the form it is sent. */
interface Variant {
  readonly headers: Readonly<Record<string, string>>;
  readonly entityTag: string;
  readonly bytes: Buffer | null;
  /** The headers of a 304. */
  readonly kept: Readonly<Record<string, string>>;
  readonly modifiedAtMs: number | undefined;
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
): Buffer | null {
  const variant = variantFor(route, response, client.acceptEncoding);
  const isUnmodified = response.status === 200 && isKnown(client, variant);
  const headers = isUnmodified ? variant.kept : variant.headers;
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

  reply.code(isUnmodified ? 304 : response.status);
  if (!isUnmodified) return variant.bytes;
  // What the handler has set a moment ago, when it ran for this request.
  for (const name of REPRESENTATION_METADATA) reply.removeHeader(name);
  return null;
}

/**
 * The body in the form in which it is sent fastest. Fastify is given bytes until its last hook: it would add a charset to
 * the content type of a string.
 */
export function toWirePayload(payload: unknown): unknown {
  return Buffer.isBuffer(payload) && texts.has(payload) ? payload.toString('latin1') : payload;
}

/** Whether the client has this response already. A tag comes before a date (RFC 9110 13.2.2). */
function isKnown({ ifNoneMatch, ifModifiedSince }: ClientPreferences, { entityTag, modifiedAtMs }: Variant): boolean {
  if (ifNoneMatch !== undefined) return isMatch(ifNoneMatch, entityTag);
  if (ifModifiedSince === undefined || modifiedAtMs === undefined) return false;
  return modifiedAtMs <= (parseHttpDate(ifModifiedSince) ?? Number.NEGATIVE_INFINITY);
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
  const stored = Object.fromEntries(response.headers);
  // A handler that sets Vary itself may name fewer headers than the route.
  const named = stored['vary'] === undefined ? route.vary : [stored['vary']];
  const vary = joinNames([...named, ...route.credentialVary, ...(hasVariants ? ['accept-encoding'] : [])]);
  const headers: Record<string, string> = {
    ...stored,
    etag: entityTag,
    ...(vary === '' ? {} : { vary }),
    ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
  };
  const entries = Object.entries(headers);
  // Node would send the head in the encoding of a string body.
  const isText = isAscii(body) && entries.every(([, value]) => isAscii(Buffer.from(value)));
  if (isText && body.length > 0 && body.length <= MAX_TEXT_BYTES) texts.add(body);
  return {
    headers,
    kept: Object.fromEntries(entries.filter(([name]) => !REPRESENTATION_METADATA.has(name))),
    entityTag,
    bytes: response.body.length === 0 ? null : body,
    modifiedAtMs: parseHttpDate(stored['last-modified']),
  };
}
