import { EventEmitter } from 'node:events';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { StoredData } from 'keyv';
import type { CommandKind, RedisPool } from '../../redis/index.js';
import type { Cache } from '../engine/contract/cache.js';
import { ClearRun } from './clear-run.js';
import { GuardedClient } from './guarded-client.js';
import { RedisNames } from './redis-names.js';

/** Longest ttl of values that are stored in memory while Redis is away. */
const FALLBACK_TTL_MS = 60_000;
/** Names changed during an outage that are remembered one by one. With more, all keys are removed when it ends. */
const MAX_PENDING_DELETES = 10_000;
/** A command that takes longer has failed. */
const WRITE_TIMEOUT_MS = 500;

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
}

/** How a {@link CacheManagerStore} works. */
export interface CacheManagerStoreOptions {
  /** Of every key in Redis; ends with `:`. */
  readonly prefix: string;
  /**
   * Values that were read or written are served from memory for this long, milliseconds; other instances' changes are seen
   * only after that. 0: every read asks Redis.
   */
  readonly memoryTtlMs: number;
}

/**
 * A Keyv store on cache-manager-ioredis-yet and the pooled connections. It stores safe strings only, keeps to its own
 * prefix and to Keyv's namespace, never throws, and never waits longer than `REDIS_READ_LATE_MAX` for a read, or half
 * a second for a write. While Redis is away it works from memory; keys changed meanwhile are removed from Redis before Redis is
 * used again.
 *
 * A `clear()` looks for its keys among all keys of the database. It goes on until they are gone; until then this instance
 * misses what is being cleared, and serves what was written since.
 */
export class CacheManagerStore extends EventEmitter {
  /** Keyv iterates over stores of the dialects it knows. */
  readonly opts = { dialect: 'redis', url: '' };
  /** Set by the Keyv that uses the store. */
  namespace?: string;
  private readonly remote: Remote | undefined;
  private readonly pendingDeletes = new Set<string>();
  private readonly clears = new Set<ClearRun>();
  private readonly removeRecoveryStep: (() => void) | undefined;

  /** @param memory a cache without Redis, closed with this store. */
  constructor(
    pool: RedisPool | null,
    private readonly memory: Cache,
    private readonly options: CacheManagerStoreOptions,
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
    const names = keys.map((key) => this.names.nameOf(key));
    const kept = await this.memory.getMany<StoredData<T>>(names);
    const missing = names.filter((name) => !kept.has(name) && !this.isHidden(name));
    const read = missing.length > 0 ? await this.readRemote(missing) : new Map<string, string>();
    return names.map((name) => kept.get(name) ?? (read.get(name) as StoredData<T> | undefined));
  }

  async set(key: string, text: unknown, ttlMs?: number): Promise<boolean> {
    if (typeof text !== 'string') return false;
    const name = this.names.nameOf(key);
    for (const clear of this.clears) clear.written.add(name);
    const { remote } = this;
    const isInRedis =
      remote !== undefined &&
      (await this.write(remote, [name], () => remote.store.set(name, text, ttlMs && Math.ceil(ttlMs))));
    const longestMs = isInRedis ? this.options.memoryTtlMs : remote ? FALLBACK_TTL_MS : Number.POSITIVE_INFINITY;
    if (longestMs > 0) await this.memory.set(name, text, { ttlMs: Math.min(ttlMs || longestMs, longestMs) });
    else await this.memory.delete(name);
    return true;
  }

  /** Whether there was a value. */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** Whether there was a value of any of the keys. */
  async deleteMany(keys: string[]): Promise<boolean> {
    if (keys.length === 0) return true;
    const names = keys.map((key) => this.names.nameOf(key));
    const kept = await this.memory.getMany(names);
    await this.memory.delete(names);
    const { remote } = this;
    let deleted = kept.size;
    const visible = names.filter((name) => !this.isHidden(name)).length;
    if (remote)
      await this.write(remote, names, async () => {
        const count = await remote.client.del(names);
        if (visible > 0) deleted += count;
      });
    return deleted > 0;
  }

  /** Removes the keys of Keyv's namespace. Other keys in the same database stay. Resolves when they are gone, or Redis is. */
  async clear(): Promise<void> {
    const { prefix } = this.names;
    const { remote } = this;
    for (const clear of this.clears) if (clear.prefix === prefix) this.clears.delete(clear);
    const run = new ClearRun(prefix);
    if (remote) this.clears.add(run);
    await this.clearMemory(prefix);
    if (remote) await this.removeCleared(run, remote).catch(() => undefined);
  }

  /** Each key with its text, in no order. */
  async *iterator<T>(namespace = this.namespace): AsyncGenerator<[string, StoredData<T>], void> {
    const names = new RedisNames(this.options.prefix, namespace);
    const { remote } = this;
    const told = new Set<string>();
    for await (const batch of remote?.pool.monitor.canRead() ? this.scan(names.prefix, remote) : []) {
      const visible = batch.filter((name) => !this.isHidden(name) && !told.has(name));
      for (const name of visible) told.add(name);
      for (const [name, text] of await this.readRemote(visible)) yield [names.keyOf(name), text as StoredData<T>];
    }
    for await (const name of this.memory.keys()) {
      const text = name.startsWith(names.prefix) && !told.has(name) ? await this.memory.get<T>(name) : undefined;
      if (text !== undefined) yield [names.keyOf(name), text as StoredData<T>];
    }
  }

  /** The connections belong to the pool and stay open. */
  async disconnect(): Promise<void> {
    this.removeRecoveryStep?.();
    await this.memory.close();
  }

  private get names(): RedisNames {
    return new RedisNames(this.options.prefix, this.namespace);
  }

  /** Whether the value in Redis is one that was deleted or cleared. */
  private isHidden(name: string): boolean {
    if (this.pendingDeletes.has(name)) return true;
    for (const clear of this.clears) if (clear.hides(name)) return true;
    return false;
  }

  private async readRemote(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { remote } = this;
    const texts = remote && (await this.attempt('read', remote, () => remote.store.mget(...names)));
    const found = new Map<string, string>();
    names.forEach((name, i) => {
      const text = texts?.[i];
      // Deleted or cleared while the answer was on its way.
      if (typeof text === 'string' && !this.isHidden(name)) found.set(name, text);
    });
    const { memoryTtlMs } = this.options;
    if (memoryTtlMs > 0)
      await Promise.all([...found].map(([name, text]) => this.memory.set(name, text, { ttlMs: memoryTtlMs })));
    return found;
  }

  private async clearMemory(prefix: string): Promise<void> {
    const names: string[] = [];
    for await (const name of this.memory.keys()) if (name.startsWith(prefix)) names.push(name);
    await this.memory.delete(names);
  }

  /** Removes what a clear hides. @throws if Redis fails on the way: the clear is then done when Redis is back. */
  private async removeCleared(run: ClearRun, remote: Remote): Promise<void> {
    for await (const names of this.scan(run.prefix, remote)) {
      if (!this.clears.has(run)) return;
      const cleared = names.filter((name) => run.hides(name));
      const isDone = await this.attempt('write', remote, () => remote.client.del(cleared));
      if (isDone === undefined) throw new Error('Redis did not answer.');
    }
    this.clears.delete(run);
  }

  private scan(prefix: string, remote: Remote): AsyncGenerator<string[]> {
    return remote.client.scan(prefix, async (command) => {
      const answer = await this.attempt('write', remote, command);
      if (answer === undefined) throw new Error('Redis did not answer.');
      return answer;
    });
  }

  /** Returns whether Redis confirmed the write. Names without a confirmation are removed from Redis later. */
  private async write(remote: Remote, names: readonly string[], command: () => Promise<unknown>): Promise<boolean> {
    const isDone = await this.attempt('write', remote, async () => {
      await command();
      return true;
    });
    for (const name of names) {
      if (isDone) this.pendingDeletes.delete(name);
      else this.pendingDeletes.add(name);
    }
    if (this.pendingDeletes.size > MAX_PENDING_DELETES) {
      this.pendingDeletes.clear();
      this.clears.add(new ClearRun(this.options.prefix.slice(0, -1)));
    }
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
    await client.del([...this.pendingDeletes]);
    this.pendingDeletes.clear();
    for (const run of this.clears) {
      for await (const names of client.scan(run.prefix, (command) => command()))
        await client.del(names.filter((name) => run.hides(name)));
      this.clears.delete(run);
    }
    await this.memory.clear();
  }
}
