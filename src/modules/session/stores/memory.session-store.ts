import type { Clock } from '../../../common/clock.js';
import { idleEndMs, type SessionLifetime } from '../model/session-lifetime.js';
import type { Session } from '../session.types.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SessionStore,
  UpdateFailure,
} from './session-store.js';

/** Estimated size of an entry without its data. */
const ENTRY_BYTES = 400;

/** The state of an id: its session, or dead (revoked). */
type SessionState = Session | 'dead';

/** Options of a {@link MemorySessionStore}. */
export interface MemorySessionStoreOptions {
  /** Above this many bytes the sessions written longest ago are deleted. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Sessions in this process alone. They end when it ends. */
export class MemorySessionStore implements SessionStore {
  /** In the order of their last write. */
  private readonly states = new Map<string, SessionState>();
  private usedBytes = 0;

  constructor(
    private readonly lifetime: SessionLifetime,
    private readonly options: MemorySessionStoreOptions,
  ) {}

  async create({ id, userId, data }: NewSession): Promise<Session | undefined> {
    if (this.states.has(id)) return undefined;
    return this.put(id, { id, userId, data, version: 1, ...this.newTimes() });
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

  async touch(id: string): Promise<Session | undefined> {
    const session = this.liveSession(id);
    return session && this.put(id, this.withUse(session));
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<Session | undefined> {
    const session = this.liveSession(id);
    if (!session || this.states.has(newId)) return undefined;
    this.setState(id, 'dead');
    const next = login ? { ...session, ...login, ...this.newTimes() } : this.withUse(session);
    return this.put(newId, { ...next, id: newId });
  }

  async revoke(id: string): Promise<boolean> {
    const session = this.liveSession(id);
    this.setState(id, 'dead');
    return session !== undefined;
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<number> {
    const ended = this.liveSessionsOf(selector).filter(({ id }) => id !== exceptId);
    for (const { id } of ended) this.setState(id, 'dead');
    return ended.length;
  }

  async list(selector: SessionSelector): Promise<Session[]> {
    return this.liveSessionsOf(selector);
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
    for (const oldest of this.states.keys()) {
      if (this.usedBytes <= this.options.maxBytes || oldest === id) return;
      this.forget(oldest);
    }
  }

  private liveSessionsOf(selector: SessionSelector): Session[] {
    return [...this.states.keys()]
      .map((id) => this.liveSession(id))
      .filter((session) => session !== undefined)
      .filter((session) => selector === 'everyone' || session.userId === selector.userId)
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
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
      expiresAtMs: idleEndMs(lastSeenAtMs, session.absoluteExpiresAtMs, this.lifetime),
    };
  }

  private newTimes(): Pick<Session, 'createdAtMs' | 'lastSeenAtMs' | 'expiresAtMs' | 'absoluteExpiresAtMs'> {
    const nowMs = this.options.clock.wallMs();
    const absoluteExpiresAtMs = nowMs + this.lifetime.absoluteTimeoutMs;
    return {
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      expiresAtMs: idleEndMs(nowMs, absoluteExpiresAtMs, this.lifetime),
      absoluteExpiresAtMs,
    };
  }
}

function sizeOf(state: SessionState): number {
  return ENTRY_BYTES + (state === 'dead' ? 0 : JSON.stringify(state.data).length);
}
