import type { CacheResponseOptions } from '../decorators/cache-response.options.js';
import type { Caller } from './principal.js';

/** Whether every tenant or user has responses of its own. */
export function isPersonal({ scope }: Pick<CacheResponseOptions, 'scope'>): boolean {
  return scope === 'tenant' || scope === 'user';
}

/** The owner of a personal response. A user's identity includes the tenant: two tenants may use the same user id. */
export function principalOf(scope: CacheResponseOptions['scope'], caller: Caller | undefined): string | undefined {
  if (scope === 'tenant') return caller?.tenantId;
  if (scope === 'user' && caller?.userId !== undefined) return JSON.stringify([caller.tenantId ?? null, caller.userId]);
  return undefined;
}
