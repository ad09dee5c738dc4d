import type { FastifyRequest } from 'fastify';
import { identifierText } from '../../../common/identifier.js';
import type { PrincipalResolvers } from './principal-resolvers.js';
import { headersOf, type RequestLocation, visibleQuery } from './request-view.js';
import type { RouteSettings } from './route-settings.js';

/** Members of a request in which plugins, middleware and guards keep the caller. */
const CALLER_MEMBERS = ['user', 'session'] as const;

/** Restores the members of a request that were replaced, the last one first. */
class Replacements {
  private readonly undo: (() => void)[] = [];

  /** Sets a member of this object alone, also where its class has an accessor of that name. */
  replace(object: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(object, name);
    Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
    this.undo.push(() => {
      if (before) Object.defineProperty(object, name, before);
      else Reflect.deleteProperty(object, name);
    });
  }

  add(undo: () => void): void {
    this.undo.push(undo);
  }

  restore(): void {
    for (let undo = this.undo.pop(); undo; undo = this.undo.pop()) undo();
  }
}

/**
 * Replaces each part of the request by what its key says of it, so that the response can't depend on more: request target,
 * headers in all their forms, query, cookies and the client's address; and the caller, unless the response is the caller's
 * own. The objects are new ones, so that a handler that changes them changes nothing of another request. Returns a function
 * that restores the request.
 */
export function narrowRequest(
  route: RouteSettings,
  request: FastifyRequest,
  location: RequestLocation,
  principals: PrincipalResolvers,
): () => void {
  const replacements = new Replacements();
  const { raw } = request;
  // Before the headers: the original ones are read for the key.
  const query = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of visibleQuery(route, request)) query[name] = structuredClone(value);
  narrowHeaders(replacements, route, request, location);
  replacements.replace(raw, 'url', location.target.url);
  if ('originalUrl' in raw) replacements.replace(raw, 'originalUrl', location.target.url);
  replacements.replace(request, 'query', query);
  for (const name of ['ip', 'ips']) replacements.replace(request, name, undefined);
  for (const holder of [request, raw]) narrowCaller(replacements, route, holder, location);
  if (route.scope !== 'user') replacements.add(principals.hide(request));
  return () => replacements.restore();
}

function narrowHeaders(
  replacements: Replacements,
  route: RouteSettings,
  request: FastifyRequest,
  { target }: RequestLocation,
): void {
  const { raw } = request;
  const named = { host: target.host, ...headersOf(route, request) };
  const headers = Object.entries(named).filter((header): header is [string, string] => header[1] !== undefined);
  replacements.replace(raw, 'headers', Object.fromEntries(headers));
  replacements.replace(raw, 'rawHeaders', headers.flat());
  replacements.replace(raw, 'headersDistinct', Object.fromEntries(headers.map(([name, value]) => [name, [value]])));
}

/** A user's response may depend on the user, a tenant's on the tenant, others on neither. */
function narrowCaller(
  replacements: Replacements,
  route: RouteSettings,
  holder: object,
  { principal }: RequestLocation,
): void {
  if ('cookies' in holder && !route.vary.includes('cookie'))
    replacements.replace(holder, 'cookies', Object.create(null));
  if (route.scope === 'user') return;
  for (const name of CALLER_MEMBERS) {
    if (!(name in holder)) continue;
    const isTenant = name === 'user' && route.scope === 'tenant';
    replacements.replace(holder, name, isTenant ? tenantOnly(holder, principal) : undefined);
  }
}

/** A user with nothing but the tenant, in the type that the application gave it. */
function tenantOnly(holder: object, principal: string | undefined): { tenantId: unknown } {
  const tenantId = (holder as { user?: { tenantId?: unknown } | null }).user?.tenantId;
  return { tenantId: identifierText(tenantId) === principal ? tenantId : principal };
}
