import type { Clock } from '../../../common/clock.js';
import { idleEndMs, type SessionLifetime } from '../model/session-lifetime.js';
import type { Session } from '../session.types.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionScope,
  SessionStore,
  UpdateRefusal,
} from './session-store.js';

/** Roughly what a slot takes beside its data. */
const SLOT_BYTES = 400;

/** What is known of an id: the session, or that it is dead. */
type Slot = Session | 'dead';

/** How much a memory store may hold, and how it tells the time. */
export interface MemorySessionStoreOptions {
  /** Past this many bytes the sessions written longest ago are dropped. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** Sessions in this process alone. They end with it. */
export class MemorySessionStore implements SessionStore {
  /** The one written longest ago comes first. */
  private readonly slots = new Map<string, Slot>();
  private usedBytes = 0;

  constructor(
    private readonly lifetime: SessionLifetime,
    private readonly options: MemorySessionStoreOptions,
  ) {}

  async create({ id, userId, data }: NewSession): Promise<Session | undefined> {
    if (this.slots.has(id)) return undefined;
    return this.put(id, { id, userId, data, version: 1, ...this.startingNow() });
  }

  async find(id: string): Promise<Session | undefined> {
    return this.living(id);
  }

  async update(id: string, { data, userId, ifVersion }: SessionChange): Promise<Session | UpdateRefusal> {
    const session = this.living(id);
    if (!session) return this.slots.has(id) ? 'gone' : 'unknown';
    if (ifVersion !== undefined && ifVersion !== session.version) return 'conflict';
    const isGiven = userId !== undefined;
    return this.put(id, { ...this.used(session), data, version: session.version + 1, ...(isGiven ? { userId } : {}) });
  }

  async touch(id: string): Promise<Session | undefined> {
    const session = this.living(id);
    return session && this.put(id, this.used(session));
  }

  async rotate(id: string, { newId, login }: Rotation): Promise<Session | undefined> {
    const session = this.living(id);
    if (!session || this.slots.has(newId)) return undefined;
    this.keep(id, 'dead');
    const next = login ? { ...session, ...login, ...this.startingNow() } : this.used(session);
    return this.put(newId, { ...next, id: newId });
  }

  async revoke(id: string): Promise<boolean> {
    const session = this.living(id);
    this.keep(id, 'dead');
    return session !== undefined;
  }

  async revokeAll(scope: SessionScope, exceptId?: string): Promise<number> {
    const ended = this.livingOf(scope).filter(({ id }) => id !== exceptId);
    for (const { id } of ended) this.keep(id, 'dead');
    return ended.length;
  }

  async list(scope: SessionScope): Promise<Session[]> {
    return this.livingOf(scope);
  }

  /** Takes a session in as it is, unless its id is known here. */
  adopt(session: Session): void {
    if (!this.slots.has(session.id)) this.put(session.id, session);
  }

  /** Everything known here, by id. */
  known(): [id: string, slot: Slot][] {
    return [...this.slots.entries()];
  }

  /** What is known of an id, whether or not it has expired. */
  slotOf(id: string): Slot | undefined {
    return this.slots.get(id);
  }

  /** Forgets an id, even that it is dead. */
  forget(id: string): void {
    const slot = this.slots.get(id);
    if (slot === undefined) return;
    this.slots.delete(id);
    this.usedBytes -= sizeOf(slot);
  }

  private put(id: string, session: Session): Session {
    const frozen = Object.freeze(session);
    this.keep(id, frozen);
    return frozen;
  }

  private keep(id: string, slot: Slot): void {
    this.forget(id);
    this.slots.set(id, slot);
    this.usedBytes += sizeOf(slot);
    for (const oldest of this.slots.keys()) {
      if (this.usedBytes <= this.options.maxBytes || oldest === id) return;
      this.forget(oldest);
    }
  }

  private livingOf(scope: SessionScope): Session[] {
    return [...this.slots.keys()]
      .map((id) => this.living(id))
      .filter((session) => session !== undefined)
      .filter((session) => scope === 'everyone' || session.userId === scope.userId)
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  private living(id: string): Session | undefined {
    const slot = this.slots.get(id);
    return slot === undefined || slot === 'dead' || slot.expiresAtMs <= this.options.clock.wallMs() ? undefined : slot;
  }

  private used(session: Session): Session {
    const lastSeenAtMs = this.options.clock.wallMs();
    return {
      ...session,
      lastSeenAtMs,
      expiresAtMs: idleEndMs(lastSeenAtMs, session.absoluteExpiresAtMs, this.lifetime),
    };
  }

  private startingNow(): Pick<Session, 'createdAtMs' | 'lastSeenAtMs' | 'expiresAtMs' | 'absoluteExpiresAtMs'> {
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

function sizeOf(slot: Slot): number {
  return SLOT_BYTES + (slot === 'dead' ? 0 : JSON.stringify(slot.data).length);
}
