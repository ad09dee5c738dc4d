import { ConflictException, Inject, Injectable } from '@nestjs/common';
import { SESSION_STORE, SESSION_TOUCHES } from './session.tokens.js';
import { type SessionConfig, sessionConfig } from './session.config.js';
import { decodeData, encodeData, mergeData } from './model/session-data.js';
import { createSessionToken, isSessionToken, sessionIdOf } from './model/session-token.js';
import type { IssuedSession, Session, SessionData } from './session.types.js';
import type { SessionStore } from './stores/session-store.js';
import type { TouchThrottle } from './model/touch-throttle.js';

/** Tries of a merge while others change the same session. */
const MERGE_ATTEMPTS = 10;

/** What a session begins with. */
export interface SessionStart {
  /** Default: nobody's, as before a login. */
  userId?: string | null;
  /** Default empty. The holder may change it over REST unless `SESSION_CLIENT_DATA` says otherwise. */
  data?: SessionData;
}

/**
 * Sessions as an application uses them. A login is {@link create} or, from a session that was there before,
 * {@link logIn}; never take over an id or token that came from a client.
 *
 * Every method throws `SessionUnavailableException` (503) when no store answers, and `ProblemException` 413 or 400 for
 * data that is too large or too deep.
 *
 * @example
 * const issued = await this.sessions.create({ userId: user.id, data: { theme: 'dark' } });
 * this.cookie.set(reply, issued);
 */
@Injectable()
export class SessionService {
  constructor(
    @Inject(SESSION_STORE) private readonly store: SessionStore,
    @Inject(SESSION_TOUCHES) private readonly touches: TouchThrottle,
    @Inject(sessionConfig.KEY) private readonly config: SessionConfig,
  ) {}

  /** A new session and the token that opens it. */
  async create({ userId = null, data = {} }: SessionStart = {}): Promise<IssuedSession> {
    const token = createSessionToken();
    const session = await this.store.create({ id: sessionIdOf(token), userId, data: this.storable(data) });
    if (!session) throw new Error('A random session id was taken');
    return { token, session };
  }

  /** The session a token opens, noting its use; `undefined` for a token that is unknown, expired or revoked. */
  async authenticate(token: string): Promise<Session | undefined> {
    if (!isSessionToken(token)) return undefined;
    const session = await this.store.find(sessionIdOf(token));
    return session && this.touches.isDue(session) ? this.store.touch(session.id) : session;
  }

  /** Merges into the data (RFC 7396: `null` removes). Concurrent merges all take effect; `undefined` when the session ended. */
  async merge(id: string, patch: SessionData): Promise<Session | undefined> {
    for (let attempt = 1; attempt <= MERGE_ATTEMPTS; attempt++) {
      const session = await this.store.find(id);
      if (!session) return undefined;
      const data = this.storable(mergeData(session.data, patch));
      const saved = await this.store.update(id, { data, ifVersion: session.version });
      if (saved === 'gone' || saved === 'unknown') return undefined;
      if (saved !== 'conflict') return saved;
    }
    throw new ConflictException('The session is being changed by too many requests at once. Try again.');
  }

  /** Replaces token and id; the old ones are dead at once. `undefined` when the session ended. */
  async rotate(id: string): Promise<IssuedSession | undefined> {
    return this.reissue(id);
  }

  /**
   * Makes a session that was there before the login the user's: new token, data kept, absolute timeout begun anew, old
   * token dead at once. So an id that an attacker planted before the login opens nothing after it.
   */
  async logIn(id: string, userId: string): Promise<IssuedSession | undefined> {
    return this.reissue(id, { userId });
  }

  /** Ends a session for good; false when it had ended before. */
  async revoke(id: string): Promise<boolean> {
    return this.store.revoke(id);
  }

  /** The living sessions of a user, oldest first. */
  async listByUser(userId: string): Promise<Session[]> {
    return this.store.list({ userId });
  }

  /** Ends all sessions of a user, but for `exceptId`; gives how many. */
  async revokeByUser(userId: string, exceptId?: string): Promise<number> {
    return this.store.revokeAll({ userId }, exceptId);
  }

  /** Ends every session there is; gives how many. */
  async revokeEveryone(): Promise<number> {
    return this.store.revokeAll('everyone');
  }

  private async reissue(id: string, login?: { userId: string }): Promise<IssuedSession | undefined> {
    const token = createSessionToken();
    const session = await this.store.rotate(id, { newId: sessionIdOf(token), login });
    return session && { token, session };
  }

  /** The data as every store gives it back: checked, plain, frozen. */
  private storable(data: SessionData): SessionData {
    return decodeData(encodeData(data, this.config.maxDataBytes));
  }
}
