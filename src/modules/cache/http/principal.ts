import type { IncomingHttpHeaders } from 'node:http';
import { type Identifier, identifierText } from '../../../common/identifier.js';

/** The caller of a request, as far as the cache needs to know it. */
export interface Principal {
  readonly userId?: Identifier | null;
  readonly tenantId?: Identifier | null;
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
  const { user } = request as { user?: unknown };
  if (user === undefined || user === null) return undefined;
  // A user that is no object has no id; its text is no caller's.
  const { id, sub, tenantId } = user as { id?: Identifier; sub?: Identifier; tenantId?: Identifier };
  return { userId: typeof user === 'object' ? (id ?? sub) : Number.NaN, tenantId };
};

/** A caller whose ids follow the rule of `identifierText`. */
export interface Caller {
  readonly userId: string | undefined;
  readonly tenantId: string | undefined;
}

/** A caller with an id that is no text, bigint or safe integer. Nothing is known to belong to it, so its requests pass the cache. */
export const UNKNOWN_CALLER: Caller = { userId: undefined, tenantId: undefined };

/** The principal with ids as text; {@link UNKNOWN_CALLER} when one of its ids is present and invalid. */
export function callerOf({ userId, tenantId }: Principal): Caller {
  const caller = { userId: textOf(userId), tenantId: textOf(tenantId) };
  return caller.userId === null || caller.tenantId === null ? UNKNOWN_CALLER : (caller as Caller);
}

/** `null` for an invalid id, `undefined` for none. */
function textOf(id: Identifier | null | undefined): string | null | undefined {
  return id === null || id === undefined ? undefined : (identifierText(id) ?? null);
}
