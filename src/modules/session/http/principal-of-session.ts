import type { PrincipalResolver } from '../../cache/index.js';
import { attachedSession } from './request-session.js';

/**
 * Whose a cached response with `scope: 'user'` is, where `SessionGuard` or `SessionMiddleware` found a session. A session
 * before its login is nobody's: what is made for it is not cached. Tells no tenant, since a session's data is also what its
 * holder may write.
 */
export const principalOfSession: PrincipalResolver = ({ raw }) => {
  const session = attachedSession(raw)?.session;
  return session && (session.userId === null ? {} : { userId: session.userId });
};
