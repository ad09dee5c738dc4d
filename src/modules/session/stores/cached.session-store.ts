import type { Clock } from '../../../common/clock.js';
import type { Cache } from '../../cache/index.js';
import { sessionIdOf } from '../model/session-token.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { Session } from '../session.types.js';
import type {
  NewSession,
  Rotation,
  SessionChange,
  SessionScope,
  SessionStore,
  UpdateRefusal,
} from './session-store.js';

/** How sessions are cached. */
export interface CachedSessionStoreOptions {
  /** Read from the store again after this long. */
  readonly ttlMs: number;
  /** Serve what was read for this long after that while the store doesn't answer. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/**
 * A cache in front of a durable store (cache-aside). Every change evicts what it changed before it returns, on every
 * instance, so a revoked session is dead here at once and elsewhere within the latency of the bus.
 */
export class CachedSessionStore implements SessionStore {
  constructor(
    private readonly store: SessionStore,
    private readonly cache: Cache,
    private readonly options: CachedSessionStoreOptions,
  ) {}

  async find(id: string): Promise<Session | undefined> {
    const session = await this.read(id, 'cached');
    // A copy doesn't know of later touches: that one has expired is for the store to say.
    const hasExpired = session && session.expiresAtMs <= this.options.clock.wallMs();
    return hasExpired ? this.read(id, 'refresh') : session;
  }

  create(session: NewSession): Promise<Session | undefined> {
    return this.store.create(session);
  }

  async update(id: string, to: SessionChange): Promise<Session | UpdateRefusal> {
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

  async revokeAll(scope: SessionScope, exceptId?: string): Promise<number> {
    const evict = () =>
      scope === 'everyone' ? this.cache.clear() : this.cache.invalidateTags([userTag(scope.userId)]);
    return change(() => this.store.revokeAll(scope, exceptId), evict);
  }

  list(scope: SessionScope): Promise<Session[]> {
    return this.store.list(scope);
  }

  private read(id: string, consistency: 'cached' | 'refresh'): Promise<Session | undefined> {
    const { ttlMs, graceMs } = this.options;
    return this.cache.getOrLoad(
      id,
      async (context) => {
        const session = await this.store.find(id);
        if (session?.userId) context.set({ tags: [userTag(session.userId)] });
        return session;
      },
      // Ids nobody has are not remembered: anyone could fill the cache with them.
      { ttlMs, graceMs, consistency, shouldStore: (session) => session !== undefined },
    );
  }
}

/** Groups the cached sessions of a user; keys in Redis tell no user's name. */
function userTag(userId: string): string {
  return `user:${sessionIdOf(userId)}`;
}

/** Makes a change and evicts what it changed; also when the connection broke and nobody knows whether it was made. */
async function change<T>(make: () => Promise<T>, evict: () => Promise<unknown>): Promise<T> {
  try {
    const outcome = await make();
    await evict();
    return outcome;
  } catch (error) {
    if (error instanceof SessionUnavailableException && error.mayHaveHappened) await evict();
    throw error;
  }
}
