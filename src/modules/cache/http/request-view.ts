import type { FastifyRequest } from 'fastify';
import { BoundedMap } from '../../../common/bounded-map.js';
import { boundedStableKey } from '../../../common/stable-key.js';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import { type ContextTexts, readContext } from '../decorators/context-values.js';
import type { Caller } from './principal.js';
import { hostOf, type RequestTarget, targetOf } from './request-target.js';
import type { RouteSettings } from './route-settings.js';
import { isPersonal, principalOf } from './scope.js';

/** Where the response to a request is stored, and the parts of the request that its key was made of. */
export interface RequestLocation {
  readonly key: string;
  readonly target: RequestTarget;
  readonly context: ContextTexts;
  readonly principal: string | undefined;
}

/** The reason why a request has no location: an invalid request target, or an invalid value of `varyBy`. */
export type NoLocation = 'target' | 'vary-by';

const NO_CONTEXT: ContextTexts = {};

/** Locations remembered by URL. */
const MAX_KNOWN = 1_000;

/** Computes the keys of requests. Keys that depend on host and URL alone are remembered, the most recent ones. */
export class RequestLocator {
  private readonly known = new BoundedMap<string, RequestLocation>(MAX_KNOWN);

  locate(route: RouteSettings, request: FastifyRequest, caller: Caller | undefined): RequestLocation | NoLocation {
    const isByUrl = route.vary.length === 0 && !route.hasContext && !isPersonal(route);
    if (!isByUrl) return make(route, request, caller);
    const url = `${route.id} ${hostOf(request)} ${request.raw.url}`;
    const known = this.known.get(url);
    if (known) return known;
    const location = make(route, request, caller);
    if (typeof location === 'object') this.known.set(url, location);
    return location;
  }
}

function make(route: RouteSettings, request: FastifyRequest, caller: Caller | undefined): RequestLocation | NoLocation {
  const target = targetOf(route, request);
  if (!target) return 'target';
  const context = route.hasContext ? readContext(route.varyBy, request) : NO_CONTEXT;
  if (!context) return 'vary-by';
  const principal = principalOf(route.scope, caller);
  return { target, context, principal, key: responseKey(route, request, { target, context, principal }) };
}

/** GET and HEAD of the same resource share a key. It is hashed, so keys in Redis and in events reveal no parameters. */
function responseKey(
  route: RouteSettings,
  request: FastifyRequest,
  { target, context, principal }: Omit<RequestLocation, 'key'>,
): string {
  const query = visibleQuery(route, request);
  const parts = [
    ...['GET', route.id, target.host, target.url, request.params, query],
    ...[headersOf(route, request), context, route.scope, principal],
  ];
  return `http:${boundedStableKey(parts, 0)}`;
}

/**
 * The part of a request that its response may depend on, for tags: a frozen copy, which neither the handler nor another
 * request can change.
 */
export function viewRequest(
  route: RouteSettings,
  request: FastifyRequest,
  { context, principal }: RequestLocation,
): CachedRequest {
  return Object.freeze({
    params: Object.freeze({ ...(request.params as Record<string, string>) }),
    query: freezeDeep(structuredClone(Object.fromEntries(visibleQuery(route, request)))),
    headers: Object.freeze(headersOf(route, request)),
    context: Object.freeze({ ...context }),
    principal,
  });
}

/** The parsed query without the ignored parameters, in the order in which handlers see it. */
export function visibleQuery(route: RouteSettings, request: FastifyRequest): [name: string, value: unknown][] {
  const query = Object.entries((request.query ?? {}) as Record<string, unknown>);
  const visible = route.ignoredQuery ? query.filter(([name]) => !route.ignoredQuery?.test(name)) : query;
  return route.isQuerySorted ? visible.sort(([left], [right]) => (left < right ? -1 : Number(left > right))) : visible;
}

/** The headers named by `vary`. */
export function headersOf({ vary }: RouteSettings, { raw }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(vary.map((name) => [name, raw.headers[name]?.toString()]));
}

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freezeDeep(member);
  }
  return value;
}
