import type { Redis } from 'ioredis';
import type { RedisPool } from '../../redis/index.js';
import { isStoredSafeString } from './safe-string.js';

/** Keys that a `SCAN` looks at. */
const SCAN_COUNT = 1_000;

/**
 * The commands cache-manager-ioredis-yet sends, on the pool's connections. Foreign values read as absent, so its parser
 * never sees them. Commands of several keys are sent key by key: in a Cluster they live in different slots.
 */
export class GuardedClient {
  constructor(private readonly pool: RedisPool) {}

  /** The type the store expects. It was written for ioredis 5 and calls no method but those of this class. */
  asRedis(): Redis {
    return this as unknown as Redis;
  }

  async get(key: string): Promise<string | null> {
    const raw = await this.pool.client().get(key);
    return isStoredSafeString(raw) ? raw : null;
  }

  mget(keys: readonly string[]): Promise<(string | null)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, text: string, ...ttl: [] | ['PX', number]): Promise<unknown> {
    const client = this.pool.client();
    return ttl.length === 0 ? client.set(key, text) : client.set(key, text, ...ttl);
  }

  /** The number of keys that were there. */
  async del(keys: string | readonly string[]): Promise<number> {
    const deleted = await Promise.all(
      (typeof keys === 'string' ? [keys] : keys).map((key) => this.pool.client().unlink(key)),
    );
    return deleted.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The keys that begin with `prefix`, in batches. Redis looks at every key of the database.
   *
   * @param attempt runs each command.
   */
  async *scan(prefix: string, attempt: <T>(command: () => Promise<T>) => Promise<T>): AsyncGenerator<string[]> {
    const client = this.pool.client('bulk');
    const nodes = 'nodes' in client ? client.nodes('master') : [client];
    const pattern = `${prefix.replace(/[\\*?[\]]/g, String.raw`\$&`)}*`;
    for (const node of nodes) {
      let cursor = '0';
      do {
        const [next, keys] = await attempt(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT));
        cursor = next;
        if (keys.length > 0) yield keys;
      } while (cursor !== '0');
    }
  }
}
