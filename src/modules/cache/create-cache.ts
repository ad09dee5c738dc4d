import { systemClock } from '../../common/clock.js';
import { assertOptions } from './composition/assert-options.js';
import { makeLocalParts } from './composition/local-parts.js';
import { usePool } from './composition/pool-in-use.js';
import { wireRedis } from './composition/wire-redis.js';
import type { CacheOptions } from './create-cache.options.js';
import { CacheRoot } from './engine/cache-root.js';
import type { Cache } from './engine/contract/cache.js';
import { CacheClosedError } from './engine/contract/errors.js';
import { LarderCache } from './engine/larder-cache.js';
import { KeyLayout } from './engine/names/key-layout.js';
import { Namespace } from './engine/names/namespace.js';
import { settingsOf } from './engine/parts/call-settings.js';
import type { LocalParts } from './engine/parts/engine-parts.js';

const DEFAULT_NAMESPACE = 'larder';
const DEFAULT_CLUSTER_PARTITIONS = 64;

/**
 * Makes a cache of two tiers, memory and Redis, and keeps them coherent. Returns at once and never throws because of Redis;
 * the first calls wait for the first attempt to connect (for the connect timeout, 1 s, at most), and without Redis it works
 * from memory.
 *
 * @throws RangeError for invalid options (a namespace with spaces, a negative ttl).
 * @example
 * const cache = createCache({ namespace: 'shop', redis: 'redis://127.0.0.1:6379', ttlMs: 60_000 });
 * const product = await cache.getOrLoad('product:42', () => db.findProduct(42), { tags: ['products'] });
 */
export function createCache(options: CacheOptions = {}): Cache {
  assertOptions(options);
  const clock = options.clock ?? systemClock;
  const name = options.namespace ?? DEFAULT_NAMESPACE;
  const source = options.redis === undefined ? undefined : usePool(options.redis, clock, name);
  const partitions = options.partitions ?? (source?.pool.topology === 'cluster' ? DEFAULT_CLUSTER_PARTITIONS : 1);
  const layout = new KeyLayout(name, partitions);
  const { parts, trust } = makeLocalParts(options, clock, name);
  const namespace = new Namespace(parts.table, layout, '', options);
  settingsOf(namespace, undefined);
  const root = source === undefined ? memoryOnly(parts, name) : wireRedis({ parts, trust, source, layout, options });
  return new LarderCache(root, namespace);
}

function memoryOnly(parts: LocalParts, name: string): CacheRoot {
  return new CacheRoot({
    parts: { ...parts, remote: undefined, follower: undefined, sender: undefined },
    leases: undefined,
    redisState: () => 'none',
    ready: async () => true,
    close: async (writesEnd) => {
      parts.flights.abandonAll(new CacheClosedError(name));
      await writesEnd();
      parts.sweeper.stop();
      parts.memory.close();
    },
  });
}
