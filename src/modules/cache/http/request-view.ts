import type { FastifyRequest } from 'fastify';
import { BoundedMap } from '../../../common/bounded-map.js';
import { boundedStableKey } from '../../../common/stable-key.js';
import type { CachedRequest } from '../decorators/cache-response.options.js';
import type { Principal } from './principal.js';
import type { RoutePlan } from './route-plan.js';

/** Always seen by handlers: `host` is part of every key, the others only matter to logs and traces. */
const HARMLESS_HEADERS = ['host', 'x-request-id', 'traceparent', 'tracestate'];

/** The part of a request a handler may depend on; its key is made of nothing else. */
function viewRequest(plan: RoutePlan, request: FastifyRequest, principal: Principal | undefined): CachedRequest {
  const query = Object.entries(request.query as Record<string, unknown>).filter(
    ([name]) => !plan.ignoredQuery?.test(name),
  );
  return {
    params: request.params as Record<string, string>,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(plan.vary.map((name) => [name, request.headers[name]?.toString()])),
    principal: principalOf(plan.scope, principal),
  };
}

/** Whether each tenant or user has responses of its own. */
export function isPersonal({ scope }: Pick<RoutePlan, 'scope'>): boolean {
  return scope === 'tenant' || scope === 'user';
}

/** A user is one of a tenant: ids may repeat between tenants. */
function principalOf(scope: RoutePlan['scope'], principal: Principal | undefined): string | undefined {
  if (scope === 'tenant') return principal?.tenantId;
  if (scope === 'user' && principal?.userId !== undefined)
    return JSON.stringify([principal.tenantId ?? null, principal.userId]);
  return undefined;
}

/** GET and HEAD of the same resource share a key. Hashed: keys in Redis and in events tell nobody's parameters. */
function responseKey(plan: RoutePlan, view: CachedRequest, host: string | undefined): string {
  const query = Object.entries(view.query);
  if (plan.isQuerySorted) query.sort(([left], [right]) => (left < right ? -1 : 1));
  const { params, headers, principal } = view;
  return `http:${boundedStableKey([plan.name, host, params, query, headers, plan.scope, principal], 0)}`;
}

/** A request as the cache sees it. */
export interface LocatedRequest {
  readonly key: string;
  readonly view: CachedRequest;
}

/** Requests remembered by their URL. */
const MAX_KNOWN = 1_000;

/** Makes the keys of requests. Where host and URL say everything, the last ones are remembered instead of hashed again. */
export class RequestLocator {
  private readonly known = new BoundedMap<string, LocatedRequest>(MAX_KNOWN);

  locate(plan: RoutePlan, request: FastifyRequest, caller: Principal | undefined): LocatedRequest {
    if (plan.vary.length > 0 || isPersonal(plan)) return this.make(plan, request, caller);
    const url = `${plan.name} ${request.headers.host} ${request.raw.url}`;
    const known = this.known.get(url);
    if (known) return known;
    const located = this.make(plan, request, caller);
    this.known.set(url, located);
    return located;
  }

  private make(plan: RoutePlan, request: FastifyRequest, caller: Principal | undefined): LocatedRequest {
    const view = viewRequest(plan, request, caller);
    return { view, key: responseKey(plan, view, request.headers.host) };
  }
}

/**
 * Takes away what the key does not know, so that a response can't depend on it: request headers other than those in
 * `vary` (and credentials, where the response is somebody's), and ignored query parameters. Returns how to undo it.
 */
export function narrowRequest(plan: RoutePlan, request: FastifyRequest, view: CachedRequest): () => void {
  const { raw, query } = request;
  const { headers, url } = raw;
  const kept = new Set([...HARMLESS_HEADERS, ...plan.vary, ...(isPersonal(plan) ? plan.credentialHeaders : [])]);
  raw.headers = Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name)));
  if (plan.ignoredQuery && url !== undefined) {
    request.query = view.query;
    raw.url = withoutParameters(url, plan.ignoredQuery);
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
