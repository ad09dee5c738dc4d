import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';
import { CacheClosedError } from '../contract/errors.js';

/** A call of every method that gives a promise. One that is missing here does not compile. */
const CALLS: Record<AsyncMethod, (cache: Cache) => Promise<unknown>> = {
  get: (cache) => cache.get('k'),
  getEntry: (cache) => cache.getEntry('k'),
  getMany: (cache) => cache.getMany(['k']),
  getManyEntries: (cache) => cache.getManyEntries(['k']),
  getOrLoad: (cache) => cache.getOrLoad('k', () => 1),
  getOrLoadMany: (cache) => cache.getOrLoadMany(['k'], () => new Map()),
  has: (cache) => cache.has('k'),
  set: (cache) => cache.set('k', 1),
  setMany: (cache) => cache.setMany([['k', 1]]),
  delete: (cache) => cache.delete('k'),
  expire: (cache) => cache.expire('k'),
  invalidateTags: (cache) => cache.invalidateTags(['t']),
  expireTags: (cache) => cache.expireTags(['t']),
  clear: (cache) => cache.clear(),
};
type AsyncMethod = Exclude<
  { [K in keyof Cache]: Cache[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof Cache],
  'close' | 'ready'
>;

describe('a closed cache', () => {
  it.each(Object.entries(CALLS))('rejects %s, also that of a namespace', async (_, call) => {
    const cache = createCache();
    const shop = cache.namespace('shop');
    await cache.close();
    for (const one of [cache, shop]) await expect(call(one)).rejects.toThrow(CacheClosedError);
    await expect(call(shop)).rejects.toThrow('The cache "larder/shop" is closed.');
  });

  it('may be closed again', async () => {
    const cache = createCache();
    await Promise.all([cache.close(), cache.close()]);
    await expect(cache.close()).resolves.toBeUndefined();
  });

  it('is not closed by its namespaces', async () => {
    const cache = createCache();
    await cache.namespace('shop').close();
    await expect(cache.set('k', 1)).resolves.toEqual({ status: 'applied' });
    await cache.close();
  });
});
