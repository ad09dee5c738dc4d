import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('options that a loader sets for its result', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [a, b] = [createCache({ redis: redis.url }), createCache({ redis: redis.url })];
    await eventually(() => {
      for (const one of [a, b]) expect(one.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });
  });
  afterAll(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  it('may leave out a tier', async () => {
    await a.getOrLoad('only here', (context) => (context.set({ tiers: 'memory' }), 'v'));
    await expect(a.getEntry('only here')).resolves.toMatchObject({ tier: 'memory' });
    await expect(b.get('only here')).resolves.toBeUndefined();
    // The lease was given back: who asks next does not wait for it.
    await expect(b.getOrLoad('only here', () => 'w')).resolves.toBe('w');
    await a.getOrLoad('only there', (context) => (context.set({ tiers: 'redis' }), 'v'));
    await expect(b.getEntry('only there')).resolves.toMatchObject({ value: 'v' });
    await expect(a.getEntry('only there')).resolves.toMatchObject({ tier: 'redis' });
  });

  it('come before the options for negative results', async () => {
    const load = (ttlMs?: number) =>
      a.getOrLoad(`${ttlMs}`, (context) => void (ttlMs && context.set({ ttlMs })), {
        negativeTtlMs: 10_000,
      });
    await Promise.all([load(), load(60_000)]);
    const ttlOf = async (key: string): Promise<number> => (await a.getEntry(key))!.ttlMs;
    expect(await ttlOf('undefined')).toBeLessThanOrEqual(10_000);
    expect(await ttlOf('60000')).toBeGreaterThan(10_000);
  });

  it('is remembered where it was that there is nothing: memory answers, and it is one hit', async () => {
    await a.getOrLoadMany(['nothing'], () => new Map(), { negativeTtlMs: 60_000 });
    const before = a.stats();
    await expect(a.get('nothing')).resolves.toBeUndefined();
    await expect(a.getMany(['nothing'])).resolves.toEqual(new Map());
    const after = a.stats();
    expect(after.hits.memory - before.hits.memory).toBe(2);
    expect([after.hits.redis, after.misses]).toEqual([before.hits.redis, before.misses]);
  });
});
