import type { Cache } from '../../cache/index.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { Session } from '../session.types.js';
import type { MemorySessionStore } from './memory.session-store.js';
import type { RedisSessionStore } from './redis.session-store.js';
import type { RevocationJournal } from './revocation-journal.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionScope,
  SessionStore,
  UpdateRefusal,
} from './session-store.js';

/** What carries sessions over an outage. */
export interface OutageSessionStoreOptions {
  /** Copies of the sessions this instance serves, in memory; a revocation elsewhere takes its copy away. */
  readonly copies: Cache;
  /** Holds the sessions that are used while Redis is away, until they are written back. */
  readonly local: MemorySessionStore;
  readonly journal: RevocationJournal;
  /** No copy is older than this, ms. */
  readonly copyTtlMs: number;
  /** Something waits to be written back. */
  readonly onPending: () => void;
}

/**
 * Sessions in Redis that go on in memory while Redis is away (`SESSION_ON_OUTAGE=memory`). Every read asks Redis, so with
 * Redis well a revocation holds everywhere at once. Without it this instance serves the sessions it has served before;
 * of others it can't tell, so it answers 503 and not 401. `SessionRecovery` writes back what happened meanwhile.
 */
export class OutageSessionStore implements SessionStore {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly options: OutageSessionStoreOptions,
  ) {}

  async find(id: string): Promise<Session | undefined> {
    const { copies, local, copyTtlMs: ttlMs } = this.options;
    const read = () => this.redis.find(id);
    return this.either(
      id,
      () =>
        copies.getOrLoad(id, read, {
          consistency: 'refresh',
          tiers: 'memory',
          ttlMs,
          shouldStore: (session) => session !== undefined,
        }),
      () => local.find(id),
    );
  }

  async create(session: NewSession): Promise<Session | undefined> {
    try {
      return await this.redis.create(session);
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      this.options.onPending();
      return this.options.local.create(session);
    }
  }

  async update(id: string, change: SessionChange): Promise<Session | UpdateRefusal> {
    return this.either(
      id,
      this.andEvict(id, () => this.redis.update(id, change)),
      () => this.options.local.update(id, change),
    );
  }

  async touch(id: string): Promise<Session | undefined> {
    return this.either(
      id,
      () => this.redis.touch(id),
      () => this.options.local.touch(id),
    );
  }

  async rotate(id: string, rotation: Rotation): Promise<Session | undefined> {
    return this.either(
      id,
      this.andEvict(id, () => this.redis.rotate(id, rotation)),
      async () => {
        const session = await this.options.local.rotate(id, rotation);
        if (session) this.options.journal.add({ id }, false);
        return session;
      },
    );
  }

  async revoke(id: string): Promise<boolean> {
    const { local, journal, copies, onPending } = this.options;
    try {
      const hasLived = await this.redis.revoke(id);
      local.forget(id);
      return hasLived;
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      const copy = await copies.get<Session>(id);
      if (copy) local.adopt(copy);
      journal.add({ id }, false);
      onPending();
      return local.revoke(id);
    } finally {
      await copies.delete(id);
    }
  }

  async revokeAll(scope: SessionScope, exceptId?: string): Promise<number> {
    const { local, journal, copies, onPending } = this.options;
    const endedHere = await local.revokeAll(scope, exceptId);
    try {
      const ended = await this.redis.endAll(scope, exceptId);
      if (ended.length > 0) await copies.delete(ended);
      return ended.length;
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      journal.add({ scope, exceptId }, false);
      onPending();
      return endedHere;
    }
  }

  /** @throws SessionUnavailableException while Redis is away: what this instance knows is not all. */
  list(scope: SessionScope): Promise<Session[]> {
    return this.redis.list(scope);
  }

  /** Redis, unless the session went on here since Redis was away; then, and while it is away, what is known here. */
  private async either<T>(id: string, remote: () => Promise<T>, local: () => Promise<T>): Promise<T> {
    if (!this.options.local.slotOf(id)) {
      try {
        return await remote();
      } catch (error) {
        if (!(error instanceof SessionUnavailableException)) throw error;
        await this.adopt(id, error);
      }
    }
    this.options.onPending();
    return local();
  }

  /** Takes the copy of a session over into the local store. @throws the error when there is none. */
  private async adopt(id: string, error: SessionUnavailableException): Promise<void> {
    const { copies, journal, local } = this.options;
    const copy = await copies.get<Session>(id);
    if (!copy) throw error;
    if (journal.covers(copy)) await local.revoke(id);
    else local.adopt(copy);
  }

  private andEvict<T>(id: string, change: () => Promise<T>): () => Promise<T> {
    return async () => {
      const outcome = await change();
      await this.options.copies.delete(id);
      return outcome;
    };
  }
}
