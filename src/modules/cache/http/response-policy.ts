import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import { parseCacheControl, sharedMaxAgeMs } from './cache-control.js';
import { isPersonal } from './request-view.js';
import type { RouteSettings } from './route-settings.js';

/** Responses with more header bytes are not stored: a client whose request headers a handler repeats could fill the cache. */
const MAX_HEADER_BYTES = 8_192;

/** Statuses stored without a `Cache-Control` from the handler (RFC 9110 15.1), except partial content and errors. */
const STORABLE_STATUSES = new Set([200, 203, 204, 300, 301, 308]);

/** Headers of one connection, one request or one variant. */
const UNSTORED_HEADERS = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'upgrade', 'content-length'],
  ...['date', 'age', 'cache-status', 'etag', 'vary', 'x-request-id', 'server-timing', 'traceparent', 'x-response-time'],
]);

/** How far a response may be shared. */
export type StoreDecision =
  | { readonly kind: 'store'; readonly ttlMs: number | undefined; readonly isError: boolean }
  /** With the requests that waited for it, not with later ones. */
  | { readonly kind: 'share' }
  /** With no other request. */
  | { readonly kind: 'private'; readonly reason: string };

/** The reason why the cache has no part in a request; `undefined` when it may answer it. */
export function bypassReason(
  route: RouteSettings,
  request: FastifyRequest,
  view: CachedRequest,
  isKnownCaller: boolean,
): string | undefined {
  const { headers } = request;
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined) return 'body';
  if (headers.range !== undefined) return 'range';
  if (
    route.scope === undefined &&
    (isKnownCaller || route.credentialHeaders.some((name) => headers[name] !== undefined))
  )
    return 'credentials';
  if (isPersonal(route) && view.principal === undefined) return 'no-principal';
  if (route.clientControl.has('no-store') && parseCacheControl(headers['cache-control']).has('no-store'))
    return 'no-store';
  return undefined;
}

/** Decides how far a handler's response may be shared. `added` are the headers set since the handler began. */
export function classifyResponse(
  route: RouteSettings,
  reply: FastifyReply,
  payload: unknown,
  added: readonly (readonly [string, string])[],
): StoreDecision {
  if (payload !== null && payload !== undefined && typeof payload !== 'string' && !Buffer.isBuffer(payload))
    return notShared('stream');
  if (reply.getHeader('set-cookie') !== undefined) return notShared('set-cookie');
  if (reply.getHeader('content-encoding') !== undefined) return notShared('encoded');
  if (!added.every(([name, value]) => name !== 'vary' || isKnownVary(route, value))) return notShared('vary');
  if (added.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0) > MAX_HEADER_BYTES)
    return notShared('headers');

  const { statusCode } = reply;
  // Error filters mark errors no-store; the statuses this route lists are stored all the same.
  if (statusCode >= 400 && route.errorStatuses.has(statusCode))
    return { kind: 'store', ttlMs: route.errorTtlMs, isError: true };
  const directives = parseCacheControl(reply.getHeader('cache-control')?.toString());
  if (directives.has('no-store') || directives.has('no-cache')) return notShared('no-store');
  if (directives.has('private') && route.scope !== 'user') return notShared('private');
  if (statusCode >= 400) return { kind: 'share' };
  if (!STORABLE_STATUSES.has(statusCode)) return notShared('status');
  const ownTtlMs = sharedMaxAgeMs(directives);
  if (ownTtlMs === 0) return { kind: 'share' };
  const ttlMs = ownTtlMs === undefined ? route.ttlMs : Math.min(ownTtlMs, route.ttlMs ?? Number.POSITIVE_INFINITY);
  return { kind: 'store', ttlMs, isError: false };
}

/** The headers set since `before` was taken: names in lower case, values as strings. */
export function addedHeaders(
  reply: FastifyReply,
  before: Readonly<Record<string, unknown>>,
): (readonly [string, string])[] {
  return Object.entries(reply.getHeaders())
    .filter(([name, value]) => value !== undefined && value !== before[name])
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const);
}

export function isStorableHeader(status: number, [name]: readonly [string, string]): boolean {
  return !UNSTORED_HEADERS.has(name) && !(name === 'cache-control' && status >= 400);
}

function notShared(reason: string): StoreDecision {
  return { kind: 'private', reason };
}

function isKnownVary(route: RouteSettings, vary: string): boolean {
  return vary
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .every((name) => name === '' || name === 'accept-encoding' || route.vary.includes(name));
}
