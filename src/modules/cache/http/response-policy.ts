import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasImpliedNoStore } from '../../../common/http/problems/implied-no-store.js';
import { parseCacheControl } from './cache-control.js';
import { type Freshness, freshnessOf } from './freshness.js';
import type { Caller } from './principal.js';
import type { RouteSettings } from './route-settings.js';
import { isPersonal, principalOf } from './scope.js';
import type { StoredHeader } from './stored-headers.js';

/** Responses with more header bytes are not stored: a client whose request headers a handler repeats could fill the cache. */
const MAX_HEADER_BYTES = 8_192;

/** Statuses stored without explicit freshness from the handler (RFC 9110 15.1), except partial content and errors. */
const STORABLE_STATUSES = new Set([200, 203, 204, 300, 301, 308]);
/** Statuses stored only with explicit freshness. */
const EXPLICIT_STATUSES = new Set([302, 303, 307]);

/** How far a response may be shared. */
export type StoreDecision =
  | {
      readonly kind: 'store';
      readonly ttlMs: number | undefined;
      readonly isError: boolean;
      /** False if a stale copy may never be used. */
      readonly allowsStale: boolean;
    }
  /** With the requests that waited for it, not with later ones. */
  | { readonly kind: 'share' }
  /** With no other request. */
  | { readonly kind: 'private'; readonly reason: string };

/** The reason why the cache has no part in a request; `undefined` when it may answer it. */
export function bypassReason(
  route: RouteSettings,
  { raw: { headers } }: FastifyRequest,
  caller: Caller | undefined,
): string | undefined {
  if (route.isNeverCached) return 'no-scope';
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined) return 'body';
  if (headers.range !== undefined) return 'range';
  if (
    route.scope === undefined &&
    (caller !== undefined || route.credentialHeaders.some((name) => headers[name] !== undefined))
  )
    return 'credentials';
  if (isPersonal(route) && principalOf(route.scope, caller) === undefined) return 'no-principal';
  if (route.clientControl.has('no-store') && parseCacheControl(headers['cache-control']).has('no-store'))
    return 'no-store';
  return undefined;
}

/** Decides how far a handler's response may be shared. `added` are the headers set since the handler began. */
export function classifyResponse(
  route: RouteSettings,
  reply: FastifyReply,
  payload: unknown,
  added: readonly StoredHeader[],
  freshness: Freshness,
): StoreDecision {
  if (payload !== null && payload !== undefined && typeof payload !== 'string' && !Buffer.isBuffer(payload))
    return notShared('stream');
  if (reply.getHeader('set-cookie') !== undefined) return notShared('set-cookie');
  if (!added.every(([name, value]) => name !== 'vary' || isKnownVary(route, value))) return notShared('vary');
  if (added.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0) > MAX_HEADER_BYTES)
    return notShared('headers');

  const { statusCode } = reply;
  const { directives } = freshness;
  // The error filter marks every error no-store; the statuses this route lists are stored all the same.
  if (statusCode >= 400 && route.errorStatuses.has(statusCode) && hasImpliedNoStore(reply))
    return { kind: 'store', ttlMs: route.errorTtlMs, isError: true, allowsStale: false };
  if (directives.has('no-store') || directives.has('no-cache')) return notShared('no-store');
  if (directives.has('private') && route.scope !== 'user') return notShared('private');
  if (statusCode >= 400) return ofError(route, statusCode, freshness);
  const isStorable =
    STORABLE_STATUSES.has(statusCode) || (EXPLICIT_STATUSES.has(statusCode) && freshness.ttlMs !== undefined);
  if (!isStorable) return notShared('status');
  if (freshness.ttlMs === 0) return { kind: 'share' };
  const { ttlMs: ownTtlMs, allowsStale } = freshness;
  const ttlMs = ownTtlMs === undefined ? route.ttlMs : Math.min(ownTtlMs, route.ttlMs ?? Number.POSITIVE_INFINITY);
  return { kind: 'store', ttlMs, isError: false, allowsStale };
}

function ofError(route: RouteSettings, statusCode: number, { ttlMs }: Freshness): StoreDecision {
  if (!route.errorStatuses.has(statusCode) || ttlMs === 0) return { kind: 'share' };
  return {
    kind: 'store',
    ttlMs: Math.min(ttlMs ?? route.errorTtlMs, route.errorTtlMs),
    isError: true,
    allowsStale: false,
  };
}

/** The freshness of a reply, and nothing that a client is told of how fresh it is. */
export function freshnessOfReply(reply: FastifyReply, nowMs: number): Freshness {
  return freshnessOf((name) => reply.getHeader(name)?.toString(), nowMs);
}

/** The headers set since `before` was taken: names in lower case, values as strings. */
export function addedHeaders(reply: FastifyReply, before: Readonly<Record<string, unknown>>): StoredHeader[] {
  return Object.entries(reply.getHeaders())
    .filter(([name, value]) => value !== undefined && value !== before[name])
    .map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : String(value)] as const);
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
