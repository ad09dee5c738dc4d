import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { RedisServer } from '../../support/redis-server.js';

describe('negative caching on several instances', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [a, b] = await coherentCaches(redis, {}, { memory: false });
  });
  afterAll(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  it('a key that a loader left out is remembered by all, and is a hit without a value', async () => {
    let loads = 0;
    const load = () => (loads++, new Map<string, number>());
    const options = { negativeTtlMs: 60_000 };
    await a.getOrLoadMany(['none'], load, options);
    await expect(b.getOrLoadMany(['none'], load, options)).resolves.toEqual(new Map());
    expect(loads).toBe(1);
    const before = b.stats();
    await expect(b.get('none')).resolves.toBeUndefined();
    await expect(b.getEntry('none')).resolves.toBeUndefined();
    await expect(b.getMany(['none'])).resolves.toEqual(new Map());
    const after = b.stats();
    expect([after.hits.redis - before.hits.redis, after.misses - before.misses]).toEqual([3, 0]);
  });

  it('undefined and null are values that every instance reads, for negativeTtlMs', async () => {
    for (const value of [undefined, null]) {
      await a.getOrLoad(`${value}`, () => value, { negativeTtlMs: 10_000 });
      const entry = (await b.getEntry(`${value}`))!;
      expect(entry.value).toBe(value);
      expect(entry.ttlMs).toBeLessThanOrEqual(10_000);
      expect(entry.ttlMs).toBeGreaterThan(0);
    }
  });
});
