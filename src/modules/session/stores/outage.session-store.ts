import type { Cache } from '../../cache/index.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { Session, SessionClient, SessionEnd } from '../session.types.js';
import type { MemorySessionStore } from './memory.session-store.js';
import type { RedisSessionStore } from './redis.session-store.js';
import type { RevocationJournal } from './revocation-journal.js';
import type {
  NewSession,
  RotatedSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SessionStore,
  UpdateFailure,
} from './session-store.js';

/** Copies that are evicted with one call. Redis runs no other command while it notes an eviction. */
const EVICTION_BATCH = 100;

/** Options of an {@link OutageSessionStore}. */
export interface OutageSessionStoreOptions {
  /** Copies of the sessions this instance serves, in memory. A revocation on another instance removes the copy here. */
  readonly copies: Cache;
  /** Stores the sessions that are used while Redis is away, until they are written back. */
  readonly local: MemorySessionStore;
  readonly journal: RevocationJournal;
  /** Longest life of a copy, ms. */
  readonly copyTtlMs: number;
  /** Called when there is something to write back. */
  readonly onPending: () => void;
}

/**
 * Sessions in Redis that go on in memory while Redis is away (`SESSION_ON_OUTAGE=memory`). Every read asks Redis, so a
 * revocation holds everywhere at once while Redis works. While Redis is away, an instance serves the sessions it has
 * served before. For other tokens it can't know whether a session exists, so it answers 503 and not 401.
 * `SessionRecovery` writes the changes made meanwhile back to Redis.
 */
export class OutageSessionStore implements SessionStore {
  constructor(
    private readonly redis: RedisSessionStore,
    private readonly options: OutageSessionStoreOptions,
  ) {}

  async find(id: string): Promise<Session | undefined> {
    const { copies, local, copyTtlMs: ttlMs } = this.options;
    const read = () => this.redis.find(id);
    // The read goes through the cache's load path, not `find` and then `set`, because that path is fenced: when a
    // revocation arrives while Redis is being asked, the engine detaches the load and stores no copy. A plain `set` could
    // store the session after its revocation had removed the copy, and the next outage would serve a revoked session.
    // `refresh` makes every request ask Redis itself; it never joins the read of an earlier request.
    return this.redisElseLocal(
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

  async update(id: string, change: SessionChange): Promise<Session | UpdateFailure> {
    return this.redisElseLocal(
      id,
      this.andEvict(id, () => this.redis.update(id, change)),
      () => this.options.local.update(id, change),
    );
  }

  async touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    return this.redisElseLocal(
      id,
      () => this.redis.touch(id, client),
      () => this.options.local.touch(id, client),
    );
  }

  async rotate(id: string, rotation: Rotation): Promise<RotatedSession | undefined> {
    return this.redisElseLocal(
      id,
      this.andEvict(id, () => this.redis.rotate(id, rotation)),
      async () => {
        const rotated = await this.options.local.rotate(id, rotation);
        if (!rotated) return undefined;
        this.options.journal.add({ id }, 'pending');
        return { ...rotated, status: 'queued' };
      },
    );
  }

  async revoke(id: string): Promise<SessionEnd> {
    const { local, journal, copies, onPending } = this.options;
    try {
      const end = await this.redis.revoke(id);
      local.forget(id);
      return end;
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      const copy = await copies.get<Session>(id);
      if (copy) local.insertIfAbsent(copy);
      journal.add({ id }, 'pending');
      onPending();
      return { ...(await local.revoke(id)), status: 'queued' };
    } finally {
      await copies.delete(id);
    }
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    const { local, journal, copies, onPending } = this.options;
    const { count } = await local.revokeAll(selector, exceptId);
    try {
      const revokedIds = await this.redis.revokeAllReturningIds(selector, exceptId);
      for (let start = 0; start < revokedIds.length; start += EVICTION_BATCH)
        await copies.delete(revokedIds.slice(start, start + EVICTION_BATCH));
      return { count: revokedIds.length, status: 'applied' };
    } catch (error) {
      if (!(error instanceof SessionUnavailableException)) throw error;
      journal.add({ selector, exceptId }, 'pending');
      onPending();
      return { count, status: 'queued' };
    }
  }

  /** @throws SessionUnavailableException while Redis is away: this instance knows only a part of the sessions. */
  list(selector: SessionSelector): Promise<Session[]> {
    return this.redis.list(selector);
  }

  /** Asks Redis. Asks the local store while Redis is away, and for a session whose local changes are not written back yet. */
  private async redisElseLocal<T>(id: string, remote: () => Promise<T>, local: () => Promise<T>): Promise<T> {
    if (!this.options.local.stateOf(id)) {
      try {
        return await remote();
      } catch (error) {
        if (!(error instanceof SessionUnavailableException)) throw error;
        await this.takeOverCopy(id, error);
      }
    }
    this.options.onPending();
    return local();
  }

  /** Puts the copy of a session into the local store. @throws the error when there is no copy. */
  private async takeOverCopy(id: string, error: SessionUnavailableException): Promise<void> {
    const { copies, journal, local } = this.options;
    const copy = await copies.get<Session>(id);
    if (!copy) throw error;
    if (journal.includes(copy)) await local.revoke(id);
    else local.insertIfAbsent(copy);
  }

  private andEvict<T>(id: string, change: () => Promise<T>): () => Promise<T> {
    return async () => {
      const outcome = await change();
      await this.options.copies.delete(id);
      return outcome;
    };
  }
}
