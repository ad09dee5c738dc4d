import type { FastifyRequest } from 'fastify';
import type { PrincipalResolver } from '../../cache/index.js';
import { attachedSession } from './request-session.js';

/**
 * Identifies the user for cached responses with `scope: 'user'`, on routes where `SessionGuard` or `SessionMiddleware`
 * found a session. A session before its login has no user, so responses to it are not cached. It gives no tenant, because
 * clients may write to the data of their session.
 */
export const principalOfSession: PrincipalResolver = ({ raw }: FastifyRequest) => {
  const session = attachedSession(raw)?.session;
  return session && (session.userId === null ? {} : { userId: session.userId });
};
