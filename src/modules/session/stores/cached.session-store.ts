import type { Clock } from '../../../common/clock.js';
import type { Cache, WriteReceipt } from '../../cache/index.js';
import { sessionIdOf } from '../model/session-token.js';
import { SessionUnavailableException } from '../session-unavailable.exception.js';
import type { EndStatus, Session, SessionClient, SessionEnd } from '../session.types.js';
import type {
  NewSession,
  RotatedSession,
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
    const { outcome } = await change(
      () => this.store.update(id, to),
      () => this.cache.delete(id),
    );
    return outcome;
  }

  touch(id: string, client?: SessionClient): Promise<Session | undefined> {
    return this.store.touch(id, client);
  }

  async rotate(id: string, rotation: Rotation): Promise<RotatedSession | undefined> {
    const { outcome, status } = await change(
      () => this.store.rotate(id, rotation),
      () => this.cache.delete(id),
    );
    return outcome && { ...outcome, status };
  }

  async revoke(id: string): Promise<SessionEnd> {
    const { outcome, status } = await change(
      () => this.store.revoke(id),
      () => this.cache.delete(id),
    );
    return { ...outcome, status };
  }

  async revokeAll(selector: SessionSelector, exceptId?: string): Promise<SessionEnd> {
    const evict = () =>
      selector === 'everyone' ? this.cache.clear() : this.cache.invalidateTags([userTag(selector.userId)]);
    const { outcome, status } = await change(() => this.store.revokeAll(selector, exceptId), evict);
    return { ...outcome, status };
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

/**
 * Makes a change and evicts the changed sessions, also when the connection broke and the outcome is unknown. An eviction
 * that is queued leaves other instances with what they have cached.
 */
async function change<T>(
  make: () => Promise<T>,
  evict: () => Promise<WriteReceipt>,
): Promise<{ outcome: T; status: EndStatus }> {
  try {
    const outcome = await make();
    const { status } = await evict();
    return { outcome, status };
  } catch (error) {
    if (error instanceof SessionUnavailableException && error.isOutcomeUnknown) await evict();
    throw error;
  }
}
