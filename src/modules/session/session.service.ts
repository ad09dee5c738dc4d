import { type Duration, toMs } from '../../common/duration.js';
import { ProblemException } from '../../common/http/problems/problem.exception.js';
import { ConflictException, Inject, Injectable } from '@nestjs/common';
import { SESSION_STORE, SESSION_TOUCHES } from './session.tokens.js';
import { SessionLimit } from './session-limit.js';
import type { SessionLifetime } from './model/session-lifetime.js';
import { type UserId, userIdText } from './model/user-id.js';
import { longestTimeoutMs, type SessionConfig, sessionConfig } from './session.config.js';
import { decodeData, encodeData, mergeData } from './model/session-data.js';
import { createSessionToken, isSessionToken, sessionIdOf } from './model/session-token.js';
import { SessionUnavailableException } from './session-unavailable.exception.js';
import type {
  IssuedSession,
  ReissuedSession,
  Session,
  SessionClient,
  SessionData,
  SessionEnd,
} from './session.types.js';
import type { Login, SessionStore } from './stores/session-store.js';
import type { TouchThrottle } from './model/touch-throttle.js';

const MIN_TIMEOUT_MS = 1_000;

/** Attempts of a merge while other requests change the same session. */
const MERGE_ATTEMPTS = 10;

/** The first content of a session. */
export interface SessionStart {
  /** Default: no user, as before a login. */
  userId?: UserId | null;
  /** Default empty. The session's client may change it over REST within `SESSION_CLIENT_DATA`. */
  data?: SessionData;
  /** The client that logs in. Default: found at the first request of the session. */
  client?: SessionClient;
  /** Timeouts of its own, as for "remember me". */
  timeouts?: SessionTimeouts;
}

/** Timeouts of one session, within `SESSION_MAX_ABSOLUTE_TIMEOUT`. */
export interface SessionTimeouts {
  /** It ends after this time without use. Default `SESSION_IDLE_TIMEOUT`. */
  idle?: Duration;
  /** It ends this long after its login. Default `SESSION_ABSOLUTE_TIMEOUT`. */
  absolute?: Duration;
}

/**
 * The sessions of an application. For a login call {@link create} or, when the client has a session already,
 * {@link logIn}. Never use an id or token that a client proposes.
 *
 * A user id is a text that is not empty, a bigint or a safe integer, and is kept as text; another value is a `TypeError`.
 * Every method throws `SessionUnavailableException` (503) when no store answers, and `ProblemException` 413 or 400 for
 * data that is too large or too deep.
 *
 * @example
 * const issued = await this.sessions.create({ userId: user.id, data: { theme: 'dark' } });
 * this.cookie.set(reply, issued);
 */
@Injectable()
export class SessionService {
  private readonly limit: SessionLimit;

  constructor(
    @Inject(SESSION_STORE) private readonly store: SessionStore,
    @Inject(SESSION_TOUCHES) private readonly touches: TouchThrottle,
    @Inject(sessionConfig.KEY) private readonly config: SessionConfig,
  ) {
    this.limit = new SessionLimit(store, config);
  }

  /**
   * A new session and the token that opens it.
   *
   * @throws ProblemException 409 when the user has too many sessions and `SESSION_ON_LIMIT` is `refuse`.
   */
  async create({ userId = null, data = {}, client, timeouts }: SessionStart = {}): Promise<IssuedSession> {
    const user = userId === null ? null : userIdText(userId);
    const lifetime = this.lifetimeIn(timeouts);
    await this.limit.assertRoom(user);
    const token = createSessionToken();
    const id = sessionIdOf(token);
    const session = await this.store.create({ id, userId: user, data: this.storable(data), client, lifetime });
    if (!session) throw new Error('A random session id is already in use');
    await this.limit.apply(session);
    return { token, session };
  }

  /**
   * The session of a token; records its use. `undefined` for a token that is unknown, expired or revoked.
   *
   * @param client from which the request came; its user sees it in the list of sessions.
   */
  async authenticate(token: string, client?: SessionClient): Promise<Session | undefined> {
    if (!isSessionToken(token)) return undefined;
    const session = await this.store.find(sessionIdOf(token));
    if (!session) return undefined;
    const isNewClient = client !== undefined && session.client === null;
    return this.touches.isDue(session, isNewClient) ? this.touch(session, client) : session;
  }

  /** A store that can be read and not written, as a read-only database, still knows who is logged in. */
  private async touch(session: Session, client: SessionClient | undefined): Promise<Session | undefined> {
    try {
      return await this.store.touch(session.id, client);
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      return session;
    }
  }

  /** Merges into the data (RFC 7396: `null` removes). Concurrent merges all take effect; `undefined` when the session ended. */
  async merge(id: string, patch: SessionData): Promise<Session | undefined> {
    // What merges is recursive and takes time for each member, so the patch is checked before as data is.
    encodeData(patch, this.config.maxDataBytes);
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
  async rotate(id: string): Promise<ReissuedSession | undefined> {
    return this.reissue(id);
  }

  /**
   * Gives the session from before a login to the user: new token, same data, absolute timeout begun again, old token dead
   * at once. A token that an attacker planted before the login is therefore worthless after it.
   *
   * @throws ProblemException as {@link create}.
   */
  async logIn(id: string, userId: UserId, timeouts?: SessionTimeouts): Promise<ReissuedSession | undefined> {
    const login = { userId: userIdText(userId), lifetime: this.lifetimeIn(timeouts) };
    await this.limit.assertRoom(login.userId, id);
    const issued = await this.reissue(id, login);
    if (issued) await this.limit.apply(issued.session);
    return issued;
  }

  /**
   * Ends a session for good; `count` is 0 when it had ended before. While its store is away the end holds on this
   * instance only, and `status` is `queued`.
   */
  async revoke(id: string): Promise<SessionEnd> {
    return this.store.revoke(id);
  }

  /** The living sessions of a user, oldest first. */
  async listByUser(userId: UserId): Promise<Session[]> {
    return this.store.list({ userId: userIdText(userId) });
  }

  /** Ends all sessions of a user except `exceptId`; `status` as in {@link revoke}. */
  async revokeByUser(userId: UserId, exceptId?: string): Promise<SessionEnd> {
    return this.store.revokeAll({ userId: userIdText(userId) }, exceptId);
  }

  /** Ends all sessions of all users; `status` as in {@link revoke}. */
  async revokeEveryone(): Promise<SessionEnd> {
    return this.store.revokeAll('everyone');
  }

  private async reissue(id: string, login?: Login): Promise<ReissuedSession | undefined> {
    const token = createSessionToken();
    const rotated = await this.store.rotate(id, { newId: sessionIdOf(token), ...(login && { login }) });
    return rotated && { token, ...rotated };
  }

  /** @throws ProblemException 400 for a timeout below a second, or longer than sessions may live. */
  private lifetimeIn({ idle, absolute }: SessionTimeouts = {}): Partial<SessionLifetime> {
    return {
      ...(idle !== undefined && { idleTimeoutMs: this.timeout('idle', idle) }),
      ...(absolute !== undefined && { absoluteTimeoutMs: this.timeout('absolute', absolute) }),
    };
  }

  private timeout(name: keyof SessionTimeouts, duration: Duration): number {
    const ms = Math.ceil(toMs(duration));
    const longestMs = longestTimeoutMs(this.config);
    if (ms >= MIN_TIMEOUT_MS && ms <= longestMs) return ms;
    const detail = `must be between 1 second and ${longestMs / 1_000} seconds (SESSION_MAX_ABSOLUTE_TIMEOUT)`;
    throw ProblemException.invalidInput([{ pointer: `/timeouts/${name}`, detail }]);
  }

  /** The data in the form in which stores return it: checked, plain, frozen. */
  private storable(data: SessionData): SessionData {
    return decodeData(encodeData(data, this.config.maxDataBytes));
  }
}
