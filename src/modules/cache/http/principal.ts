import type { IncomingHttpHeaders } from 'node:http';

/** The caller of a request, as far as the cache needs to know it. */
export interface Principal {
  readonly userId?: string;
  readonly tenantId?: string;
}

/** A request of the HTTP platform: Fastify's, or Express's. */
export interface PlatformRequest {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Identifies the caller of a request, after the guards have run; `undefined` for an anonymous request. Its parameter may have
 * the type of the application's requests: Fastify's or Express's, with what its guards add.
 */
export type PrincipalResolver = { resolve(request: PlatformRequest): Principal | undefined }['resolve'];

/** Injects the {@link PrincipalResolver}. An application may provide one globally; otherwise `PrincipalResolvers` identifies callers. */
export const CACHE_PRINCIPAL = Symbol.for('larder:cache:principal');

/** Reads the place where guards usually keep the caller: `request.user` with `id` or `sub`, and its `tenantId`. */
export const principalOfUser: PrincipalResolver = (request) => {
  const user = (request as { user?: { id?: unknown; sub?: unknown; tenantId?: unknown } }).user;
  if (typeof user !== 'object' || user === null) return undefined;
  return { userId: idOf(user.id ?? user.sub), tenantId: idOf(user.tenantId) };
};

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
