import { Redis } from 'ioredis';
import { BentoCache, bentostore, errors } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { keysUnder, SPACES } from '../../test/consistency/world.js';

/** BentoCache with memory, Redis and its bus, as its documentation sets it up. A `Subject` of the history checker. */
export function bentocache({ redisUrl }) {
  const connect = (options) => new Redis(redisUrl, options).on('error', () => undefined);
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 10_000 }))
    .useL2Layer(redisDriver({ connection: connect({ commandTimeout: 500, maxRetriesPerRequest: 1 }) }))
    .useBus(redisBusDriver({ connection: connect({ maxRetriesPerRequest: null }).options }));
  const bento = new BentoCache({ default: 'checked', stores: { checked: store } });
  const spaces = SPACES.map((path) => (path === '' ? bento : bento.namespace(path.replaceAll('/', '-'))));
  const spaceOf = ({ space }) => spaces[space];
  const keep = ({ ttlMs, graceMs, softTimeoutMs, hardTimeoutMs }) => ({
    ttl: ttlMs,
    grace: graceMs > 0 ? graceMs : false,
    ...(softTimeoutMs === undefined ? {} : { timeout: softTimeoutMs }),
    ...(hardTimeoutMs === undefined ? {} : { hardTimeout: hardTimeoutMs }),
  });
  const getOrLoad = async (key, load, options) => {
    try {
      return await spaceOf(key).getOrSet({
        key: key.name,
        tags: [...key.tags, ...key.lateTags],
        ...keep(options),
        factory: async () => (await load([key], { addTags: () => undefined }))[0],
      });
    } catch (error) {
      if (error instanceof errors.E_FACTORY_HARD_TIMEOUT) error.name = 'LoadTimeoutError';
      throw error instanceof errors.E_FACTORY_ERROR ? error.cause : error;
    }
  };
  return {
    hasStrictReads: false,
    expireTags: undefined,
    get: (key) => spaceOf(key).get({ key: key.name }),
    getMany: async (keys) =>
      (await Promise.all(keys.map((key) => spaceOf(key).get({ key: key.name })))).filter(
        (value) => value !== undefined && value !== null,
      ),
    getOrLoad,
    getOrLoadMany: (keys, load, options) => Promise.all(keys.map((key) => getOrLoad(key, load, options))),
    set: async (key, value, options) => {
      await spaceOf(key).set({ key: key.name, value, tags: key.tags, ...keep(options) });
      return 'applied';
    },
    delete: async (keys) => {
      await spaceOf(keys[0]).deleteMany({ keys: keys.map(({ name }) => name) });
      return 'applied';
    },
    invalidateTags: async (space, tags) => {
      await spaces[space].deleteByTag({ tags });
      return 'applied';
    },
    clear: async (space) => {
      for (const under of new Set(keysUnder(space).map((key) => key.space))) await spaces[under].clear();
      return 'applied';
    },
    stats: () => ({}),
    close: () => bento.disconnectAll(),
  };
}
