import type { Session, SessionData } from '../session.types.js';

/**
 * Holds sessions. What every store promises:
 * - A dead session (revoked or expired) stays dead: no save, touch or rotation that was under way brings it back.
 * - Ids are never adopted: what `create` did not make (or `restore` bring back) does not exist.
 * - The store's own clock decides what has expired; `touch` and `update` never move the absolute end.
 *
 * Every method throws `SessionUnavailableException` when the store doesn't answer. A revocation that returned is final.
 */
export interface SessionStore {
  /** The new session; `undefined` when the id was used before, by a living or a dead one. */
  create(session: NewSession): Promise<Session | undefined>;
  /** The session if it lives. */
  find(id: string): Promise<Session | undefined>;
  /** Replaces data, in one step with the check that the session lives (and, when asked, is unchanged). */
  update(id: string, change: SessionChange): Promise<Session | UpdateRefusal>;
  /** Notes that it was used now; `undefined` when it doesn't live. */
  touch(id: string): Promise<Session | undefined>;
  /** In one step the old id dies and a new one lives with its content; `undefined` when the old one doesn't live. */
  rotate(id: string, rotation: Rotation): Promise<Session | undefined>;
  /** Ends it for good; false when it didn't live. The id is dead afterwards even if it was unknown. */
  revoke(id: string): Promise<boolean>;
  /** Ends all of a scope that began before now, but for `exceptId`. Gives how many. */
  revokeAll(scope: SessionScope, exceptId?: string): Promise<number>;
  /** The living of a scope, oldest first. */
  list(scope: SessionScope): Promise<Session[]>;
}

/** What a session starts with. Its times come from the store. */
export type NewSession = Pick<Session, 'id' | 'userId' | 'data'>;

/** What a save changes. */
export interface SessionChange {
  readonly data: SessionData;
  /** Also gives it to another user. Default: as it is. */
  readonly userId?: string | null;
  /** Only if this is the session's version still. */
  readonly ifVersion?: number;
}

/** Why a save was refused: someone changed it first; it is revoked or expired; there never was one. */
export type UpdateRefusal = 'conflict' | 'gone' | 'unknown';

/** A new id for a session. */
export interface Rotation {
  readonly newId: string;
  /** Who logged in: the session becomes theirs and its absolute timeout begins anew. Default: nobody, the timeout goes on. */
  readonly login?: { readonly userId: string };
}

/** Whose sessions. */
export type SessionScope = { readonly userId: string } | 'everyone';
