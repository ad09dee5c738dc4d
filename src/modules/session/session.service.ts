import { ConflictException, Inject, Injectable } from '@nestjs/common';
import { SESSION_STORE, SESSION_TOUCHES } from './session.tokens.js';
import { type SessionConfig, sessionConfig } from './session.config.js';
import { decodeData, encodeData, mergeData } from './model/session-data.js';
import { createSessionToken, isSessionToken, sessionIdOf } from './model/session-token.js';
import { SessionUnavailableException } from './session-unavailable.exception.js';
import type { IssuedSession, Session, SessionData } from './session.types.js';
import type { SessionStore } from './stores/session-store.js';
import type { TouchThrottle } from './model/touch-throttle.js';

/** Attempts of a merge while other requests change the same session. */
const MERGE_ATTEMPTS = 10;

/** The first content of a session. */
export interface SessionStart {
  /** Default: no user, as before a login. */
  userId?: string | null;
  /** Default empty. The session's client may change it over REST within `SESSION_CLIENT_DATA`. */
  data?: SessionData;
}

/**
 * The sessions of an application. For a login call {@link create} or, when the client has a session already,
 * {@link logIn}. Never use an id or token that a client proposes.
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
    if (!session) throw new Error('A random session id is already in use');
    return { token, session };
  }

  /** The session of a token; records its use. `undefined` for a token that is unknown, expired or revoked. */
  async authenticate(token: string): Promise<Session | undefined> {
    if (!isSessionToken(token)) return undefined;
    const session = await this.store.find(sessionIdOf(token));
    return session && this.touches.isDue(session) ? this.touch(session) : session;
  }

  /** A store that can be read and not written, as a read-only database, still knows who is logged in. */
  private async touch(session: Session): Promise<Session | undefined> {
    try {
      return await this.store.touch(session.id);
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      return session;
    }
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
   * Gives the session from before a login to the user: new token, same data, absolute timeout begun again, old token dead
   * at once. A token that an attacker planted before the login is therefore worthless after it.
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

  /** Ends all sessions of a user except `exceptId`; returns their number. */
  async revokeByUser(userId: string, exceptId?: string): Promise<number> {
    return this.store.revokeAll({ userId }, exceptId);
  }

  /** Ends all sessions of all users; returns their number. */
  async revokeEveryone(): Promise<number> {
    return this.store.revokeAll('everyone');
  }

  private async reissue(id: string, login?: { userId: string }): Promise<IssuedSession | undefined> {
    const token = createSessionToken();
    const session = await this.store.rotate(id, { newId: sessionIdOf(token), login });
    return session && { token, session };
  }

  /** The data in the form in which stores return it: checked, plain, frozen. */
  private storable(data: SessionData): SessionData {
    return decodeData(encodeData(data, this.config.maxDataBytes));
  }
}
