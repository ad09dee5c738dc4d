import type { FastifyRequest } from 'fastify';
import { BoundedMap } from '../../../common/bounded-map.js';
import { boundedStableKey } from '../../../common/stable-key.js';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import type { Principal } from './principal.js';
import type { RouteSettings } from './route-settings.js';

/** Handlers always see these: `host` is part of every key, the others only matter to logs and traces. */
const HARMLESS_HEADERS = ['host', 'x-request-id', 'traceparent', 'tracestate'];

/** The part of a request that its handler may depend on. The key is made of nothing else. */
function viewRequest(route: RouteSettings, request: FastifyRequest, principal: Principal | undefined): CachedRequest {
  const query = Object.entries(request.query as Record<string, unknown>).filter(
    ([name]) => !route.ignoredQuery?.test(name),
  );
  return {
    params: request.params as Record<string, string>,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(route.vary.map((name) => [name, request.headers[name]?.toString()])),
    principal: principalOf(route.scope, principal),
  };
}

/** Whether every tenant or user has responses of its own. */
export function isPersonal({ scope }: Pick<RouteSettings, 'scope'>): boolean {
  return scope === 'tenant' || scope === 'user';
}

/** A user's identity includes the tenant: two tenants may use the same user id. */
function principalOf(scope: RouteSettings['scope'], principal: Principal | undefined): string | undefined {
  if (scope === 'tenant') return principal?.tenantId;
  if (scope === 'user' && principal?.userId !== undefined)
    return JSON.stringify([principal.tenantId ?? null, principal.userId]);
  return undefined;
}

/** GET and HEAD of the same resource share a key. It is hashed, so keys in Redis and in events reveal no parameters. */
function responseKey(route: RouteSettings, view: CachedRequest, host: string | undefined): string {
  const query = Object.entries(view.query);
  if (route.isQuerySorted) query.sort(([left], [right]) => (left < right ? -1 : 1));
  const { params, headers, principal } = view;
  return `http:${boundedStableKey([route.name, host, params, query, headers, route.scope, principal], 0)}`;
}

/** Where the response to a request is stored, and the part of the request it depends on. */
export interface RequestLocation {
  readonly key: string;
  readonly view: CachedRequest;
}

/** Locations remembered by URL. */
const MAX_KNOWN = 1_000;

/** Computes the keys of requests. Keys that depend on host and URL alone are remembered, the most recent ones. */
export class RequestLocator {
  private readonly known = new BoundedMap<string, RequestLocation>(MAX_KNOWN);

  locate(route: RouteSettings, request: FastifyRequest, caller: Principal | undefined): RequestLocation {
    if (route.vary.length > 0 || isPersonal(route)) return this.make(route, request, caller);
    const url = `${route.name} ${request.headers.host} ${request.raw.url}`;
    const known = this.known.get(url);
    if (known) return known;
    const location = this.make(route, request, caller);
    this.known.set(url, location);
    return location;
  }

  private make(route: RouteSettings, request: FastifyRequest, caller: Principal | undefined): RequestLocation {
    const view = viewRequest(route, request, caller);
    return { view, key: responseKey(route, view, request.headers.host) };
  }
}

/**
 * Removes the parts of a request that are not in its key, so that the response can't depend on them: headers other than
 * those in `vary` (and credentials, when the response belongs to a user or tenant), and ignored query parameters.
 * Returns a function that restores them.
 */
export function narrowRequest(route: RouteSettings, request: FastifyRequest, view: CachedRequest): () => void {
  const { raw, query } = request;
  const { headers, url } = raw;
  const kept = new Set([...HARMLESS_HEADERS, ...route.vary, ...(isPersonal(route) ? route.credentialHeaders : [])]);
  raw.headers = Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name)));
  if (route.ignoredQuery && url !== undefined) {
    request.query = view.query;
    raw.url = withoutParameters(url, route.ignoredQuery);
  }
  return () => {
    raw.headers = headers;
    raw.url = url;
    request.query = query;
  };
}

function withoutParameters(url: string, ignored: RegExp): string {
  const at = url.indexOf('?');
  if (at < 0) return url;
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => !ignored.test(decodeName(pair)));
  return kept.length > 0 ? `${url.slice(0, at)}?${kept.join('&')}` : url.slice(0, at);
}

function decodeName(pair: string): string {
  return new URLSearchParams(pair).keys().next().value ?? '';
}
