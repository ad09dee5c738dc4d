import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Tenant } from '../embedding.types.js';

const tenants = new WeakMap<FastifyRequest, Tenant>();

/** Attaches the tenant to its request. */
export function setTenant(request: FastifyRequest, tenant: Tenant): void {
  tenants.set(request, tenant);
}

/** The tenant of a request that `TenantGuard` has accepted. @throws Error on a route without the guard. */
export function tenantOf(context: ExecutionContext): Tenant {
  const tenant = tenants.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (!tenant) throw new Error(`${context.getClass().name} is not guarded by TenantGuard`);
  return tenant;
}

/** Injects the tenant as a parameter of a handler. */
export const CurrentTenant = createParamDecorator((_data: unknown, context: ExecutionContext) => tenantOf(context));
