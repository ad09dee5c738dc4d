import type { FastifyRequest } from 'fastify';

/** Who makes a request, as far as the cache cares. */
export interface Principal {
  readonly userId?: string;
  readonly tenantId?: string;
}

/** Tells who makes a request, after the guards have run; `undefined` for nobody in particular. */
export type PrincipalResolver = (request: FastifyRequest) => Principal | undefined;

/** Injects the {@link PrincipalResolver}. An application provides its own globally; without one `PrincipalResolvers` are asked. */
export const CACHE_PRINCIPAL = Symbol('larder:cache:principal');

/** Reads what guards usually leave: `request.user` with `id` or `sub`, and its `tenantId`. */
export const principalOfUser: PrincipalResolver = (request) => {
  const user = (request as { user?: { id?: unknown; sub?: unknown; tenantId?: unknown } }).user;
  if (typeof user !== 'object' || user === null) return undefined;
  return { userId: idOf(user.id ?? user.sub), tenantId: idOf(user.tenantId) };
};

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
