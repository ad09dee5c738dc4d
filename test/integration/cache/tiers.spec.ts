import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('tiers', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [a, b] = await coherentCaches(redis, {}, {});
  });
  afterAll(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  /** Ways to store a value in the tiers that are given. */
  const stores: Record<string, (key: string, tiers: 'both' | 'memory' | 'redis') => Promise<unknown>> = {
    set: (key, tiers) => a.set(key, 'v', { tiers }),
    getOrLoad: (key, tiers) => a.getOrLoad(key, () => 'v', { tiers }),
    getOrLoadMany: (key, tiers) => a.getOrLoadMany([key], () => new Map([[key, 'v']]), { tiers }),
    'the loader': (key, tiers) => a.getOrLoad(key, (context) => (context.set({ tiers }), 'v')),
    'a namespace': (key, tiers) => a.namespace('shop', { tiers }).set(key, 'v'),
  };

  describe.each(Object.keys(stores))('as %s says', (name) => {
    const store = stores[name]!;
    const [here, there] =
      name === 'a namespace' ? [() => a.namespace('shop'), () => b.namespace('shop')] : [() => a, () => b];

    it('both, the default: memory and Redis', async () => {
      await store(`${name} both`, 'both');
      await expect(here().getEntry(`${name} both`)).resolves.toMatchObject({ value: 'v', tier: 'memory' });
      await expect(there().getEntry(`${name} both`)).resolves.toMatchObject({ value: 'v', tier: 'redis' });
      await eventually(async () =>
        expect(await there().getEntry(`${name} both`)).toMatchObject({ value: 'v', tier: 'memory' }),
      );
    });

    it('memory: the value never leaves the process', async () => {
      await store(`${name} memory`, 'memory');
      await expect(here().getEntry(`${name} memory`)).resolves.toMatchObject({ value: 'v', tier: 'memory' });
      await expect(there().get(`${name} memory`)).resolves.toBeUndefined();
      // No lease is left behind: the next caller does not wait for one.
      await expect(there().getOrLoad(`${name} memory`, () => 'w')).resolves.toBe('w');
    });

    it('redis: the value is not kept in memory', async () => {
      await store(`${name} redis`, 'redis');
      await expect(here().getEntry(`${name} redis`)).resolves.toMatchObject({ value: 'v', tier: 'redis' });
      await expect(there().getEntry(`${name} redis`)).resolves.toMatchObject({ value: 'v', tier: 'redis' });
    });
  });

  it('redis: a load that finds the value in Redis does not keep it in memory either', async () => {
    await a.set('k', 'v', { tiers: 'redis' });
    for (let i = 0; i < 2; i++) await b.getOrLoad('k', () => 'loaded', { tiers: 'redis' });
    await b.getOrLoadMany(['k'], () => new Map(), { tiers: 'redis' });
    await expect(b.getEntry('k')).resolves.toMatchObject({ value: 'v', tier: 'redis' });
  });
});
