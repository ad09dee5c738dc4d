import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

const LARGE = 'x'.repeat(200_000);

describe('maxValueBytes with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  it('a value that is too large is kept nowhere, not even where it was set', async () => {
    const [cache] = await coherentCaches(redis, { maxValueBytes: 100_000 });
    await cache.set('k', LARGE);
    await expect(cache.get('k')).resolves.toBeUndefined();
    await cache.getOrLoad('k', () => LARGE);
    expect(cache.stats().memory.entries).toBe(0);
    await cache.close();
  });

  it('leases of a batch that is too large are given back together', async () => {
    const [cache] = await coherentCaches(redis, { maxValueBytes: 100_000 });
    const keys = Array.from({ length: 50 }, (_, i) => `batch-${i}`);
    await redis.command('CONFIG', 'RESETSTAT');
    await cache.getOrLoadMany(keys, (wanted) => new Map(wanted.map((key) => [key, LARGE])));
    await eventually(async () =>
      expect(await redis.command('EXISTS', ...keys.map((key) => `{larder}:v::${key}`))).toBe(0),
    );
    const stats = String(await redis.command('INFO', 'commandstats'));
    const calls = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map(([, count]) => Number(count));
    expect(calls.reduce((sum, count) => sum + count, 0)).toBeLessThan(25);
    await cache.close();
  });
});
