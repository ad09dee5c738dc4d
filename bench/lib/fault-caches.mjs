/**
 * The caches that bench/faults.mjs compares, each as one instance of an application: `getOrLoad(key, load)`,
 * `set(key, value)` (resolves to whether it was told that it holds everywhere), `get(key)`, `delete(key)`.
 *
 * "Tuned" has the settings of an engineer who knows these faults: give up a command after 100 ms, queue nothing, retry
 * often.
 */
import KeyvRedis, { Keyv } from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache as createCacheManager } from 'cache-manager';
import { Redis } from 'ioredis';

const { createCache } = await import(process.env.LARDER_ENTRY ?? '../../dist/index.js');

const TTL_MS = 60_000;
const TUNED = {
  commandTimeout: 100,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  connectTimeout: 1_000,
  socketTimeout: 1_000,
  retryStrategy: (attempt) => Math.min(50 * attempt, 200),
};
const heard = (client) => client.on('error', () => undefined);

function larder({ url }) {
  const cache = createCache({ namespace: 'faults', redis: url, ttlMs: TTL_MS });
  return {
    getOrLoad: (key, load) => cache.getOrLoad(key, load),
    get: (key) => cache.get(key),
    set: async (key, value) => (await cache.set(key, value)).status === 'applied',
    delete: (key) => cache.delete(key),
  };
}

function bentocache(options) {
  return ({ port }) => {
    const connection = { port, ...options };
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useL2Layer(redisDriver({ connection: heard(new Redis(connection)) }))
      .useBus(redisBusDriver({ connection: { port } }));
    const bento = new BentoCache({ default: 'c', stores: { c: store }, ttl: TTL_MS });
    return {
      getOrLoad: (key, load) => bento.getOrSet({ key, factory: load }),
      get: (key) => bento.get({ key }),
      set: (key, value) => bento.set({ key, value }),
      delete: (key) => bento.delete({ key }),
    };
  };
}

function cacheManager(socket, options) {
  return ({ url }) => {
    const store = new KeyvRedis({ url, socket, ...options }, { throwOnConnectError: false });
    const keyv = heard(new Keyv({ store }));
    const cache = createCacheManager({ stores: [keyv], ttl: TTL_MS });
    return {
      getOrLoad: (key, load) => cache.wrap(key, load),
      get: (key) => cache.get(key),
      set: async (key, value) => (await cache.set(key, value)) !== false,
      delete: (key) => cache.del(key),
    };
  };
}

/** GET, and on a miss or an error the loader and SET. */
function cacheAside(options) {
  return ({ port }) => {
    const redis = heard(new Redis({ port, ...options }));
    const get = async (key) => JSON.parse(await redis.get(key).catch(() => null)) ?? undefined;
    const set = (key, value) => redis.set(key, JSON.stringify(value), 'PX', TTL_MS).then(() => true);
    return {
      get,
      set,
      delete: (key) => redis.del(key),
      getOrLoad: async (key, load) => {
        const cached = await get(key);
        if (cached !== undefined) return cached;
        const value = await load();
        set(key, value).catch(() => undefined);
        return value;
      },
    };
  };
}

export const CACHES = {
  larder,
  BentoCache: bentocache({}),
  'BentoCache, tuned': bentocache(TUNED),
  'cache-manager + @keyv/redis': cacheManager({}, {}),
  'cache-manager + @keyv/redis, tuned': cacheManager(
    { connectTimeout: 1_000, socketTimeout: 500, reconnectStrategy: (attempt) => Math.min(50 * attempt, 200) },
    { disableOfflineQueue: true, commandOptions: { timeout: 100 } },
  ),
  'ioredis cache-aside': cacheAside({}),
  'ioredis cache-aside, tuned': cacheAside(TUNED),
};
