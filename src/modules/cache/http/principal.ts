import type { FastifyRequest } from 'fastify';

/** The caller of a request, as far as the cache needs to know it. */
export interface Principal {
  readonly userId?: string;
  readonly tenantId?: string;
}

/** Identifies the caller of a request, after the guards have run; `undefined` for an anonymous request. */
export type PrincipalResolver = (request: FastifyRequest) => Principal | undefined;

/** Injects the {@link PrincipalResolver}. An application may provide one globally; otherwise `PrincipalResolvers` identifies callers. */
export const CACHE_PRINCIPAL = Symbol('larder:cache:principal');

/** Reads the place where guards usually keep the caller: `request.user` with `id` or `sub`, and its `tenantId`. */
export const principalOfUser: PrincipalResolver = (request) => {
  const user = (request as { user?: { id?: unknown; sub?: unknown; tenantId?: unknown } }).user;
  if (typeof user !== 'object' || user === null) return undefined;
  return { userId: idOf(user.id ?? user.sub), tenantId: idOf(user.tenantId) };
};

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
