import { ProblemException } from '../../common/http/problems/problem.exception.js';
import type { SessionConfig } from './session.config.js';
import { SessionUnavailableException } from './session-unavailable.exception.js';
import type { Session } from './session.types.js';
import type { SessionStore } from './stores/session-store.js';

/**
 * Keeps a user within `SESSION_MAX_PER_USER`. The sessions are counted after a new one was made, so that of several logins
 * at once the last one sees all. While the store can't list, nothing is counted.
 */
export class SessionLimit {
  constructor(
    private readonly store: SessionStore,
    private readonly config: Pick<SessionConfig, 'maxPerUser' | 'onLimit'>,
  ) {}

  /** Before a login. @throws ProblemException 409 when the user has no room and `SESSION_ON_LIMIT` is `refuse`. */
  async assertRoom(userId: string | null, ownId?: string): Promise<void> {
    const { maxPerUser, onLimit } = this.config;
    if (userId === null || maxPerUser === undefined || onLimit !== 'refuse') return;
    const others = (await this.sessionsOf(userId)).filter(({ id }) => id !== ownId);
    if (others.length >= maxPerUser) throw limitReached(maxPerUser);
  }

  /** After a login. @throws ProblemException 409, and ends the new session, when another login took the last place. */
  async apply(session: Session): Promise<void> {
    const { maxPerUser, onLimit } = this.config;
    if (session.userId === null || maxPerUser === undefined) return;
    const sessions = await this.sessionsOf(session.userId);
    if (onLimit === 'end-oldest') {
      // All logins at once end by the same order, the own session included: none ends one of the newest.
      for (const { id } of sessions.slice(0, Math.max(0, sessions.length - maxPerUser))) await this.store.revoke(id);
      return;
    }
    if (!sessions.slice(maxPerUser).some(({ id }) => id === session.id)) return;
    await this.store.revoke(session.id);
    throw limitReached(maxPerUser);
  }

  /** Oldest first; in one order for all instances. */
  private async sessionsOf(userId: string): Promise<Session[]> {
    try {
      const sessions = await this.store.list({ userId });
      return sessions.toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      return [];
    }
  }
}

function limitReached(maxPerUser: number): ProblemException {
  return new ProblemException(409, {
    type: 'urn:larder:too-many-sessions',
    title: 'The user has too many sessions',
    detail: `A user may have ${maxPerUser} sessions (SESSION_MAX_PER_USER). End one of them first.`,
  });
}
