import { EventEmitter } from 'node:events';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { KeyvStoreAdapter, StoredData } from 'keyv';
import type { CommandKind, RedisPool } from '../../redis/index.js';
import type { Cache } from '../engine/contract/cache.js';
import { GuardedClient } from './guarded-client.js';

/** Longest ttl of values that are stored in memory while Redis is away. */
const FALLBACK_TTL_MS = 60_000;
const WRITE_TIMEOUT_MS = 500;
/** Keys changed during an outage that are remembered one by one. With more, all keys are removed when it ends. */
const MAX_PENDING_DELETES = 10_000;

/** The way to Redis: pool, guarded client and the store on top of it. */
interface Remote {
  readonly pool: RedisPool;
  readonly client: GuardedClient;
  readonly store: IoredisYet;
}

/** The methods used of cache-manager-ioredis-yet. Its own types refer to types that cache-manager 7 no longer has. */
interface IoredisYet {
  mget(...keys: string[]): Promise<unknown[]>;
  set(key: string, text: string, ttlMs?: number): Promise<void>;
  mdel(...keys: string[]): Promise<void>;
}

/**
 * A Keyv store on cache-manager-ioredis-yet and the pooled connections. It stores safe strings only, keeps to its own
 * prefix, never throws, and never waits longer than `REDIS_READ_LATE_MAX` for a read or half a second for a write. While Redis is
 * away it works from memory; keys changed meanwhile are removed from Redis before Redis is used again.
 */
export class CacheManagerStore extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  private readonly remote: Remote | undefined;
  private readonly pendingDeletes = new Set<string>();
  private isClearPending = false;
  private readonly removeRecoveryStep: (() => void) | undefined;

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
    this.removeRecoveryStep = pool.monitor.addRecoveryStep(() => this.applyPending());
  }

  async get<T>(key: string): Promise<StoredData<T> | undefined> {
    const [found] = await this.getMany<T>([key]);
    return found as StoredData<T> | undefined;
  }

  async getMany<T>(keys: string[]): Promise<StoredData<T | undefined>[]> {
    if (keys.length === 0) return [];
    const { remote } = this;
    const isPending = this.isClearPending || keys.some((key) => this.pendingDeletes.has(key));
    const found =
      remote && !isPending
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

  /** Removes the keys of this store. Other keys in the same database stay. */
  async clear(): Promise<void> {
    await this.memory.clear();
    const { remote } = this;
    if (!remote) return;
    const isDone = await this.attempt('write', remote, async () => {
      await remote.client.deleteByPrefix(this.prefix);
      return true;
    });
    this.isClearPending = !isDone;
  }

  /** The connections belong to the pool and stay open. */
  async disconnect(): Promise<void> {
    this.removeRecoveryStep?.();
    await this.memory.close();
  }

  /** Returns whether Redis confirmed the write. Keys without a confirmation are removed from Redis later. */
  private async write(remote: Remote, keys: readonly string[], command: () => Promise<unknown>): Promise<boolean> {
    const isDone = await this.attempt('write', remote, async () => {
      await command();
      return true;
    });
    for (const key of keys) {
      if (isDone) this.pendingDeletes.delete(key);
      else this.pendingDeletes.add(key);
    }
    if (this.pendingDeletes.size > MAX_PENDING_DELETES) this.isClearPending = true;
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
    const timers: NodeJS.Timeout[] = [];
    const after = (delayMs: number, action: () => void): void => void timers.push(setTimeout(action, delayMs));
    let isJudged = false;
    const judge = (error: unknown): void => {
      if (!isJudged) monitor.recordFailure(kind, error);
      isJudged = true;
    };
    const timedOut = new Error('Command timed out');
    if (kind === 'read') {
      // There is no loader to go on with, so an answer that is on its way is waited for. Redis is judged by its budget.
      const budgetMs = 2 * monitor.readBudgetMs();
      after(budgetMs, () => judge(timedOut));
      after(Math.max(budgetMs, monitor.lateReadMs()), () => reject(timedOut));
    } else after(WRITE_TIMEOUT_MS, () => reject(timedOut));
    try {
      const answer = await Promise.race([command(), timeout]);
      if (!isJudged) monitor.recordSuccess(kind, performance.now() - askedAtMs);
      return answer;
    } catch (error) {
      judge(error);
      return undefined;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  /** A step of the recovery: removes the keys that changed during the outage, before Redis is used again. */
  private async applyPending(): Promise<void> {
    const { client } = this.remote!;
    if (this.isClearPending) await client.deleteByPrefix(this.prefix);
    else await client.del([...this.pendingDeletes].map((key) => this.prefix + key));
    this.isClearPending = false;
    this.pendingDeletes.clear();
    await this.memory.clear();
  }
}
