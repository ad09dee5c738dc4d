import type { Clock } from '../../../common/clock.js';
import { idleEndMs, lifetimeOf, type SessionLifetime } from '../model/session-lifetime.js';
import type { Session, SessionClient, SessionEnd } from '../session.types.js';
import type {
  ExpiredSession,
  NewSession,
  RotatedSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SweepBatch,
  SweptSessionStore,
  UpdateFailure,
} from './session-store.js';

/** Estimated size of an entry without its data. */
const ENTRY_BYTES = 500;

/** The state of an id: its session, or dead (revoked). */
type SessionState = Session | 'dead';

type SessionTimes = Pick<
  Session,
  'createdAtMs' | 'lastSeenAtMs' | 'expiresAtMs' | 'absoluteExpiresAtMs' | 'idleTimeoutMs'
>;

/** Options of a {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /** Above this many bytes the sessions written longest ago are deleted. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Sessions in this process alone. They end when it ends. */
export class MemorySessionStore implements SweptSessionStore {
  /** In the order of their last write. */
  private readonly states = new Map<string, SessionState>();
  /** Ids of the sessions of each user. */
  private readonly idsOfUsers = new Map<string, Set<string>>();
  private usedBytes = 0;
  /** Where the next sweep goes on. */
  private hand: Iterator<[string, SessionState]> | undefined;

  constructor(
    private readonly lifetime: SessionLifetime,
    private readonly options: MemorySessionStoreOptions,
  ) {}

  async create({ id, userId, data, client, lifetime }: NewSession): Promise<Session | undefined> {
    if (this.states.has(id)) return undefined;
    return this.put(id, { id, userId, data, version: 1, client: client ?? null, ...this.newTimes(lifetime) });
  }

  async find(id: string): Promise<Session | undefined> {
    return this.liveSession(id);
  }

  async update(id: string, { data, userId, ifVersion }: SessionChange): Promise<Session | UpdateFailure> {
    const session = this.liveSession(id);
    if (!session) return this.states.has(id) ? 'gone' : 'unknown';
    if (ifVersion !== undefined && ifVersion !== session.version) return 'conflict';
    const isGiven = userId !== undefined;
    return this.put(id, {
      ...this.withUse(session),
      data,
      version: session.version + 1,
      ...(isGiven ? { userId } : {}),
    });
  }

  async touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    const session = this.liveSession(id);
    return session && this.put(id, { ...this.withUse(session), ...(client && { client }) });
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<RotatedSession | undefined> {
    const session = this.liveSession(id);
    if (!session || this.states.has(newId)) return undefined;
    this.setState(id, 'dead');
    const next = login ? { ...session, userId: login.userId, ...this.newTimes(login.lifetime) } : this.withUse(session);
    return { session: this.put(newId, { ...next, id: newId }), status: 'applied' };
  }

  async revoke(id: string): Promise<SessionEnd> {
    const session = this.liveSession(id);
    this.setState(id, 'dead');
    return { count: session ? 1 : 0, status: 'applied' };
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    const ended = this.liveSessionsOf(selector).filter(({ id }) => id !== exceptId);
    for (const { id } of ended) this.setState(id, 'dead');
    return { count: ended.length, status: 'applied' };
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    return this.liveSessionsOf(selector);
  }

  /** Looks at `limit` states and goes on behind them the next time. */
  async sweep(limit: number): Promise<SweepBatch> {
    const expired: ExpiredSession[] = [];
    const nowMs = this.options.clock.wallMs();
    this.hand ??= this.states.entries();
    for (let looked = 0; looked < limit && this.hand; looked++) {
      const { value, done } = this.hand.next();
      if (done) this.hand = undefined;
      else if (value[1] !== 'dead' && value[1].expiresAtMs <= nowMs)
        expired.push({ id: value[0], userId: value[1].userId });
    }
    // Behind the loop: a changed state moves to the end of the map, where the hand would meet it again.
    for (const { id } of expired) this.setState(id, 'dead');
    return { expired, hasMore: this.hand !== undefined };
  }

  /** Stores a session unchanged, unless its id has a state here. */
  insertIfAbsent(session: Session): void {
    if (!this.states.has(session.id)) this.put(session.id, session);
  }

  /** The state of every id. */
  entries(): [id: string, state: SessionState][] {
    return [...this.states.entries()];
  }

  /** The state of an id, also of an expired session; `undefined` for an unknown id. */
  stateOf(id: string): SessionState | undefined {
    return this.states.get(id);
  }

  /** Deletes the state of an id, even when it is dead. */
  forget(id: string): void {
    const state = this.states.get(id);
    if (state === undefined) return;
    this.states.delete(id);
    this.usedBytes -= sizeOf(state);
    if (state !== 'dead') this.unlist(state);
  }

  private put(id: string, session: Session): Session {
    const frozen = Object.freeze(session);
    this.setState(id, frozen);
    return frozen;
  }

  private setState(id: string, state: SessionState): void {
    this.forget(id);
    this.states.set(id, state);
    this.usedBytes += sizeOf(state);
    if (state !== 'dead') this.enlist(state);
    for (const oldest of this.states.keys()) {
      if (this.usedBytes <= this.options.maxBytes || oldest === id) return;
      this.forget(oldest);
    }
  }

  private liveSessionsOf(selector: SessionSelector): Session[] {
    const ids = selector === 'everyone' ? this.states.keys() : (this.idsOfUsers.get(selector.userId) ?? []);
    return [...ids]
      .map((id) => this.liveSession(id))
      .filter((session) => session !== undefined)
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  private enlist({ id, userId }: Session): void {
    if (userId === null) return;
    const ids = this.idsOfUsers.get(userId);
    if (ids) ids.add(id);
    else this.idsOfUsers.set(userId, new Set([id]));
  }

  private unlist({ id, userId }: Session): void {
    if (userId === null) return;
    const ids = this.idsOfUsers.get(userId);
    ids?.delete(id);
    if (ids?.size === 0) this.idsOfUsers.delete(userId);
  }

  private liveSession(id: string): Session | undefined {
    const state = this.states.get(id);
    return state === undefined || state === 'dead' || state.expiresAtMs <= this.options.clock.wallMs()
      ? undefined
      : state;
  }

  private withUse(session: Session): Session {
    const lastSeenAtMs = this.options.clock.wallMs();
    return {
      ...session,
      lastSeenAtMs,
      expiresAtMs: idleEndMs(lastSeenAtMs, session.absoluteExpiresAtMs, {
        idleTimeoutMs: session.idleTimeoutMs ?? this.lifetime.idleTimeoutMs,
      }),
    };
  }

  private newTimes(own?: Partial<SessionLifetime>): SessionTimes {
    const nowMs = this.options.clock.wallMs();
    const lifetime = lifetimeOf(own, this.lifetime);
    const absoluteExpiresAtMs = nowMs + lifetime.absoluteTimeoutMs;
    return {
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      expiresAtMs: idleEndMs(nowMs, absoluteExpiresAtMs, lifetime),
      absoluteExpiresAtMs,
      idleTimeoutMs: own?.idleTimeoutMs ?? null,
    };
  }
}

function sizeOf(state: SessionState): number {
  return ENTRY_BYTES + (state === 'dead' ? 0 : JSON.stringify([state.data, state.client]).length);
}
