import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { keysTagged, keysUnder, SPACES } from '../../test/consistency/world.js';

const nameOf = ({ space, name }) => `${SPACES[space]}:${name}`;

/**
 * cache-manager 7 with a memory store before Redis, as its documentation sets it up. It has no tags: an application
 * deletes the keys it knows. It has no bus either: memory entries of other instances live out their time, here 1 s.
 * A `Subject` of the history checker.
 */
export function cacheManager({ redisUrl }) {
  const memory = new Keyv({ ttl: 1_000 });
  const redis = new Keyv({ store: new KeyvRedis(redisUrl, { throwOnConnectError: false }) });
  redis.on('error', () => undefined);
  const cache = createCache({ stores: [memory, redis] });
  const keep = async (key, value, ttlMs) => {
    await redis.set(nameOf(key), value, ttlMs);
    await memory.set(nameOf(key), value, Math.min(ttlMs, 1_000));
  };
  const remove = async (keys) => {
    await cache.mdel(keys.map(nameOf));
    return 'applied';
  };
  const getOrLoad = (key, load, { ttlMs }) =>
    cache.wrap(nameOf(key), async () => (await load([key], { addTags: () => undefined }))[0], ttlMs);
  return {
    hasStrictReads: false,
    expireTags: undefined,
    get: (key) => cache.get(nameOf(key)),
    getMany: async (keys) =>
      (await cache.mget(keys.map(nameOf))).filter((value) => value !== undefined && value !== null),
    getOrLoad,
    getOrLoadMany: (keys, load, options) => Promise.all(keys.map((key) => getOrLoad(key, load, options))),
    set: async (key, value, { ttlMs }) => {
      await keep(key, value, ttlMs);
      return 'applied';
    },
    delete: remove,
    invalidateTags: (space, tags) => remove(keysTagged(space, tags)),
    clear: (space) => remove(keysUnder(space)),
    stats: () => ({}),
    close: () => cache.disconnect(),
  };
}
