import type { SessionLifetime } from '../model/session-lifetime.js';
import type { EndStatus, Session, SessionClient, SessionData, SessionEnd } from '../session.types.js';

/**
 * Stores sessions. Every store promises:
 * - A dead session (revoked or expired) stays dead: no save, touch or rotation that was under way brings it back.
 * - No id comes from outside: a session that `create` did not make (or `restore` bring back) does not exist.
 * - The store's own clock decides what has expired; `touch` and `update` never move the absolute end.
 *
 * Every method throws `SessionUnavailableException` when the store doesn't answer. A revocation that returned is final.
 */
export interface SessionStore {
  /** The new session; `undefined` when the id was used before, by a living or a dead one. */
  create(session: NewSession): Promise<Session | undefined>;
  /** The session; `undefined` when it is dead or unknown. */
  find(id: string): Promise<Session | undefined>;
  /** Replaces the data, in one step with the check that the session lives (and has the version `ifVersion`, if given). */
  update(id: string, change: SessionChange): Promise<Session | UpdateFailure>;
  /** Records a use of the session at this time, and its client if given; `undefined` when it doesn't live. */
  touch(id: string, client?: SessionClient): Promise<Session | undefined>;
  /** In one step the old id dies and a new one lives with its content; `undefined` when the old one doesn't live. */
  rotate(id: string, rotation: Rotation): Promise<RotatedSession | undefined>;
  /** Ends the session for good; the count is 0 when it didn't live. The id is dead afterwards even if it was unknown. */
  revoke(id: string): Promise<SessionEnd>;
  /** Ends all selected sessions that began before now, except `exceptId`. */
  revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd>;
  /** The selected sessions that live, oldest first. */
  list(selector: SessionSelector): Promise<Session[]>;
}

/** A session to create. Its times come from the store. */
export interface NewSession extends Pick<Session, 'id' | 'userId' | 'data'> {
  readonly client?: SessionClient;
  /** Timeouts of its own. Default: those of the store. */
  readonly lifetime?: Partial<SessionLifetime>;
}

/** A store that deletes expired sessions in the background. */
export interface SweptSessionStore extends SessionStore {
  /** Ends at most `limit` sessions that have expired; each is given once, to one instance. */
  sweep(limit: number): Promise<SweepBatch>;
}

/** What one sweep found. */
export interface SweepBatch {
  readonly expired: readonly ExpiredSession[];
  /** Whether there may be more to do now. */
  readonly hasMore: boolean;
}

/** A session that has expired. */
export interface ExpiredSession {
  readonly id: string;
  readonly userId: string | null;
}

/** The changes of a save. */
export interface SessionChange {
  readonly data: SessionData;
  /** The new user. Default: unchanged. */
  readonly userId?: string | null;
  /** Save only if the session still has this version. */
  readonly ifVersion?: number;
}

/** Why a save failed: another save came first; the session is revoked or expired; it never existed. */
export type UpdateFailure = 'conflict' | 'gone' | 'unknown';

/** A new id for a session. */
export interface Rotation {
  readonly newId: string;
  /** The user who logs in: the session becomes this user's and its absolute timeout begins again. Default: no login, the timeout goes on. */
  readonly login?: Login;
}

/** A user who logs in to a session. */
export interface Login {
  readonly userId: string;
  /** Timeouts of its own. Default: those of the store. */
  readonly lifetime?: Partial<SessionLifetime>;
}

/** A session under its new id. */
export interface RotatedSession {
  readonly session: Session;
  /** Whether the old id is dead on every instance. */
  readonly status: EndStatus;
}

/** Selects the sessions of one user, or all sessions. */
export type SessionSelector = { readonly userId: string } | 'everyone';
