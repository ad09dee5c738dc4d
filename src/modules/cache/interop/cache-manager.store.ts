import { EventEmitter } from 'node:events';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { CommandKind, RedisPool } from '../../redis/index.js';
import type { Cache } from '../engine/contract/cache.js';
import { GuardedClient } from './guarded-client.js';

/** What is kept in memory while Redis is away goes after this, ms. */
const FALLBACK_TTL_MS = 60_000;
/** Keys changed during an outage that are remembered one by one; beyond, all are removed when it ends. */
const MAX_OWED = 10_000;

/** A connection to Redis with what is needed to do without it. */
interface Remote {
  readonly pool: RedisPool;
  readonly client: GuardedClient;
  readonly store: IoredisYet;
}

/** What is used of cache-manager-ioredis-yet; its own types name some that cache-manager 7 no longer has. */
interface IoredisYet {
  mget(...keys: string[]): Promise<unknown[]>;
  set(key: string, text: string, ttlMs?: number): Promise<void>;
  mdel(...keys: string[]): Promise<void>;
}

/**
 * Keyv's view of cache-manager-ioredis-yet on the pooled connections. It carries nothing but inert text, keeps to its own
 * prefix, never throws and never waits longer than a read's budget or a write's half second. While Redis is away it works
 * from memory; what was changed meanwhile is removed from Redis before that is trusted again.
 */
export class CacheManagerStore extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  private readonly remote: Remote | undefined;
  private readonly owed = new Set<string>();
  private isClearOwed = false;
  private readonly forget: (() => void) | undefined;

  /**
   * @param memory a cache without Redis, closed with this store.
   * @param prefix of every key in Redis.
   */
  constructor(
    pool: RedisPool | null,
    private readonly memory: Cache,
    private readonly prefix: string,
  ) {
    super();
    // Keyv listens; without a listener Node would throw the event.
    this.on('error', () => undefined);
    if (!pool) return;
    const client = new GuardedClient(pool);
    this.remote = { pool, client, store: redisInsStore(client.asRedis()) as unknown as IoredisYet };
    this.forget = pool.monitor.addRecoveryStep(() => this.settle());
  }

  async get<T>(key: string): Promise<StoredData<T> | undefined> {
    const [found] = await this.getMany<T>([key]);
    return found as StoredData<T> | undefined;
  }

  async getMany<T>(keys: string[]): Promise<StoredData<T | undefined>[]> {
    if (keys.length === 0) return [];
    const { remote } = this;
    const isOwed = this.isClearOwed || keys.some((key) => this.owed.has(key));
    const found =
      remote && !isOwed
        ? await this.attempt('read', remote, () => remote.store.mget(...keys.map((key) => this.prefix + key)))
        : undefined;
    if (found) return found as StoredData<T | undefined>[];
    const kept = await this.memory.getMany<StoredData<T>>(keys);
    return keys.map((key) => kept.get(key));
  }

  async set(key: string, text: unknown, ttlMs?: number): Promise<boolean> {
    if (typeof text !== 'string') return false;
    const { remote } = this;
    if (
      remote &&
      (await this.write(remote, [key], () => remote.store.set(this.prefix + key, text, ttlMs && Math.ceil(ttlMs))))
    )
      return true;
    const longestMs = remote ? FALLBACK_TTL_MS : Number.POSITIVE_INFINITY;
    await this.memory.set(key, text, { ttlMs: Math.min(ttlMs || longestMs, longestMs) });
    return true;
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  async deleteMany(keys: string[]): Promise<boolean> {
    if (keys.length === 0) return true;
    await this.memory.delete(keys);
    const { remote } = this;
    if (remote) await this.write(remote, keys, () => remote.store.mdel(...keys.map((key) => this.prefix + key)));
    return true;
  }

  /** Removes this store's keys; those of others who share the database stay. */
  async clear(): Promise<void> {
    await this.memory.clear();
    const { remote } = this;
    if (!remote) return;
    const isDone = await this.attempt('write', remote, async () => {
      await remote.client.deleteByPrefix(this.prefix);
      return true;
    });
    this.isClearOwed = !isDone;
  }

  /** The connections are the pool's and stay open. */
  async disconnect(): Promise<void> {
    this.forget?.();
    await this.memory.close();
  }

  /** Whether Redis took the write. What it did not take, or may still take, is owed. */
  private async write(remote: Remote, keys: readonly string[], command: () => Promise<unknown>): Promise<boolean> {
    const isDone = await this.attempt('write', remote, async () => {
      await command();
      return true;
    });
    for (const key of keys) {
      if (isDone) this.owed.delete(key);
      else this.owed.add(key);
    }
    if (this.owed.size > MAX_OWED) this.isClearOwed = true;
    return isDone === true;
  }

  private async attempt<T>(
    kind: CommandKind,
    { pool: { monitor } }: Remote,
    command: () => Promise<T>,
  ): Promise<T | undefined> {
    if (kind === 'read' ? !monitor.canRead() : !monitor.canWrite()) return undefined;
    const askedAtMs = performance.now();
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error('Command timed out')),
      kind === 'read' ? 2 * monitor.readBudgetMs() : 500,
    );
    try {
      const answer = await Promise.race([command(), timeout]);
      monitor.recordSuccess(kind, performance.now() - askedAtMs);
      return answer;
    } catch (error) {
      monitor.recordFailure(kind, error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Before Redis is trusted again: what was changed without it goes. */
  private async settle(): Promise<void> {
    const { client } = this.remote!;
    if (this.isClearOwed) await client.deleteByPrefix(this.prefix);
    else await client.del([...this.owed].map((key) => this.prefix + key));
    this.isClearOwed = false;
    this.owed.clear();
    await this.memory.clear();
  }
}
