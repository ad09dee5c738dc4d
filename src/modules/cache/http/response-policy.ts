import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import { parseCacheControl, sharedMaxAgeMs } from './cache-control.js';
import { isPersonal } from './request-view.js';
import type { RoutePlan } from './route-plan.js';

/** More header bytes than this are not stored: a client that makes a handler echo them would fill the cache. */
const MAX_HEADER_BYTES = 8_192;

/** Cacheable without a word from the handler (RFC 9110 15.1), leaving out partial content and errors. */
const STORABLE_STATUSES = new Set([200, 203, 204, 300, 301, 308]);

/** Belong to one connection, one request or one variant. */
const UNSTORED_HEADERS = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'upgrade', 'content-length'],
  ...['date', 'age', 'cache-status', 'etag', 'vary', 'x-request-id', 'server-timing', 'traceparent', 'x-response-time'],
]);

/** What may be done with a response. */
export type Verdict =
  | { readonly kind: 'store'; readonly ttlMs: number | undefined; readonly isError: boolean }
  /** For those who asked at the same time, not for later. */
  | { readonly kind: 'share' }
  /** For the one who asked. */
  | { readonly kind: 'private'; readonly reason: string };

/** Why a request is answered as if there were no cache; `undefined` where it may be answered from it. */
export function refuseRequest(
  plan: RoutePlan,
  request: FastifyRequest,
  view: CachedRequest,
  isKnownCaller: boolean,
): string | undefined {
  const { headers } = request;
  if ((headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined) return 'body';
  if (headers.range !== undefined) return 'range';
  if (plan.scope === undefined && (isKnownCaller || plan.credentialHeaders.some((name) => headers[name] !== undefined)))
    return 'credentials';
  if (isPersonal(plan) && view.principal === undefined) return 'no-principal';
  if (plan.clientControl.has('no-store') && parseCacheControl(headers['cache-control']).has('no-store'))
    return 'no-store';
  return undefined;
}

/** Judges what a handler made. `added` are the headers it set; the others were there before it ran. */
export function judgeResponse(
  plan: RoutePlan,
  reply: FastifyReply,
  payload: unknown,
  added: readonly (readonly [string, string])[],
): Verdict {
  if (payload !== null && payload !== undefined && typeof payload !== 'string' && !Buffer.isBuffer(payload))
    return refuse('stream');
  if (reply.getHeader('set-cookie') !== undefined) return refuse('set-cookie');
  if (reply.getHeader('content-encoding') !== undefined) return refuse('encoded');
  if (!added.every(([name, value]) => name !== 'vary' || isKnownVary(plan, value))) return refuse('vary');
  if (added.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0) > MAX_HEADER_BYTES)
    return refuse('headers');

  const { statusCode } = reply;
  // Errors are marked no-store by whoever renders them; those the route asks for are kept all the same.
  if (statusCode >= 400 && plan.errorStatuses.has(statusCode))
    return { kind: 'store', ttlMs: plan.errorTtlMs, isError: true };
  const directives = parseCacheControl(reply.getHeader('cache-control')?.toString());
  if (directives.has('no-store') || directives.has('no-cache')) return refuse('no-store');
  if (directives.has('private') && plan.scope !== 'user') return refuse('private');
  if (statusCode >= 400) return { kind: 'share' };
  if (!STORABLE_STATUSES.has(statusCode)) return refuse('status');
  const ownTtlMs = sharedMaxAgeMs(directives);
  if (ownTtlMs === 0) return { kind: 'share' };
  const ttlMs = ownTtlMs === undefined ? plan.ttlMs : Math.min(ownTtlMs, plan.ttlMs ?? Number.POSITIVE_INFINITY);
  return { kind: 'store', ttlMs, isError: false };
}

/** The headers set since `before` was taken, as they may be stored. */
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

function refuse(reason: string): Verdict {
  return { kind: 'private', reason };
}

function isKnownVary(plan: RoutePlan, vary: string): boolean {
  return vary
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .every((name) => name === '' || name === 'accept-encoding' || plan.vary.includes(name));
}
