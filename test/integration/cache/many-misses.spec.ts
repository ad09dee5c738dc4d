import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { RedisServer } from '../../support/redis-server.js';

const KEYS = 1_000;
/** Loads at once: leases are asked for by so many at most. */
const CONCURRENT_LOADS = 250;

describe('many keys that are missed at once', () => {
  let redis: RedisServer;
  let pools: RedisPool[];
  let caches: Cache[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    // On a busy machine Redis may get no processor for longer than a service would wait: a key would be loaded once more.
    const monitor = { budget: { floorMs: 1_000, capMs: 1_000, lateMs: 1_000 } };
    pools = [1, 2].map(() => createRedisPool(redis.url, { monitor }));
    caches = pools.map((pool) => createCache({ redis: pool, maxConcurrentLoads: CONCURRENT_LOADS }));
    expect(await Promise.all(caches.map((cache) => cache.ready(5_000)))).toEqual([true, true]);
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all(pools.map((pool) => pool.close()));
    await redis.stop();
  });

  const evalshas = (): number => pools.reduce((sum, pool) => sum + (pool.stats().commandsByName['evalsha'] ?? 0), 0);
  const readAll = (cache: Cache, load: () => string): Promise<string[]> =>
    Promise.all(Array.from({ length: KEYS }, (_, i) => cache.getOrLoad(`k:${i}`, async () => load())));

  it('are leased and stored by few scripts', async () => {
    let stored = 0;
    caches[0]!.on('fill', () => stored++);
    const before = evalshas();
    await readAll(caches[0]!, () => 'value');
    expect(stored).toBe(KEYS);
    expect(evalshas() - before).toBeLessThan(KEYS / 10);
  });

  it('are loaded by one of the instances that miss them', async () => {
    let loads = 0;
    const before = evalshas();
    await Promise.all(caches.map((cache) => readAll(cache, () => (loads++, 'value'))));
    expect(loads).toBe(KEYS);
    expect(evalshas() - before).toBeLessThan(KEYS / 5);
  });
});
