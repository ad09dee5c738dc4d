import type { Clock } from '../../../common/clock.js';
import type { Cache } from '../../cache/index.js';
import { sessionIdOf } from '../model/session-token.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { Session } from '../session.types.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionSelector,
  SessionStore,
  UpdateFailure,
} from './session-store.js';

/** Options of a {@link CachedSessionStore}. */
export interface CachedSessionStoreOptions {
  /** A cached session is read from the store again after this time. */
  readonly ttlMs: number;
  /** For this time after the ttl a cached session is served while the store doesn't answer. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/**
 * A cache in front of a durable store (cache-aside). Every change evicts the changed sessions on every instance before it
 * returns, so a revoked session is dead on this instance at once and on others within the latency of the bus.
 */
export class CachedSessionStore implements SessionStore {
  constructor(
    private readonly store: SessionStore,
    private readonly cache: Cache,
    private readonly options: CachedSessionStoreOptions,
  ) {}

  async find(id: string): Promise<Session | undefined> {
    const session = await this.read(id, 'cached');
    // A cached copy has no later touches. Only the store can tell whether the session has really expired.
    const hasExpired = session && session.expiresAtMs <= this.options.clock.wallMs();
    return hasExpired ? this.read(id, 'refresh') : session;
  }

  create(session: NewSession): Promise<Session | undefined> {
    return this.store.create(session);
  }

  async update(id: string, to: SessionChange): Promise<Session | UpdateFailure> {
    return change(
      () => this.store.update(id, to),
      () => this.cache.delete(id),
    );
  }

  touch(id: string): Promise<Session | undefined> {
    return this.store.touch(id);
  }

  async rotate(id: string, rotation: Rotation): Promise<Session | undefined> {
    return change(
      () => this.store.rotate(id, rotation),
      () => this.cache.delete(id),
    );
  }

  async revoke(id: string): Promise<boolean> {
    return change(
      () => this.store.revoke(id),
      () => this.cache.delete(id),
    );
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<number> {
    const evict = () =>
      selector === 'everyone' ? this.cache.clear() : this.cache.invalidateTags([userTag(selector.userId)]);
    return change(() => this.store.revokeAll(selector, exceptId), evict);
  }

  list(selector: SessionSelector): Promise<Session[]> {
    return this.store.list(selector);
  }

  private read(id: string, consistency: 'cached' | 'refresh'): Promise<Session | undefined> {
    const { ttlMs, graceMs } = this.options;
    // Loaded through the cache, not found and then set: the load path is fenced. A session that is revoked while it is
    // being read is returned to this request, which began before, but is not stored.
    return this.cache.getOrLoad(
      id,
      async (context) => {
        const session = await this.store.find(id);
        if (session?.userId) context.set({ tags: [userTag(session.userId)] });
        return session;
      },
      // Unknown ids are not stored: any client could fill the cache with them.
      { ttlMs, graceMs, consistency, shouldStore: (session) => session !== undefined },
    );
  }
}

/** The tag of a user's cached sessions. It is hashed, so keys in Redis reveal no user. */
function userTag(userId: string): string {
  return `user:${sessionIdOf(userId)}`;
}

/** Makes a change and evicts the changed sessions, also when the connection broke and the outcome is unknown. */
async function change<T>(make: () => Promise<T>, evict: () => Promise<unknown>): Promise<T> {
  try {
    const outcome = await make();
    await evict();
    return outcome;
  } catch (error) {
    if (error instanceof SessionUnavailableException && error.isOutcomeUnknown) await evict();
    throw error;
  }
}
