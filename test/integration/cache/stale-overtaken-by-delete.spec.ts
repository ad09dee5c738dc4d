import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

describe('a stale entry whose key is invalidated while it is on its way from Redis', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let pool: RedisPool;
  let cache: Cache;
  beforeAll(async () => {
    redis = await RedisServer.start();
    proxy = await TcpProxy.start(redis.port);
    // The connection of the held reply is silent for as long as the test needs.
    pool = createRedisPool(proxy.url, { connection: { commandTimeoutMs: 60_000, socketTimeoutMs: 60_000 } });
    cache = createCache({
      redis: pool,
      memory: false,
      minReadTimeoutMs: 10_000,
      graceMs: 60_000,
    });
    await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
  });
  afterAll(async () => {
    await cache.close();
    await pool.close();
    await proxy.stop();
    await redis.stop();
  });

  it('is not served to a caller that comes after the invalidation', async () => {
    const key = 'key';
    await cache.set(key, 'void', { ttlMs: 1 });
    const readStale = async (): Promise<void> =>
      expect(await cache.getEntry(key, { allowStale: true })).toMatchObject({ isStale: true });
    await eventually(readStale);

    const held = proxy.holdReply('void');
    const loads: (() => void)[] = [];
    const load = (): Promise<string> => new Promise((resolve) => loads.push(() => resolve('new')));
    const first = cache.getOrLoadMany(
      [key, 'other'],
      async (keys) => new Map(await Promise.all(keys.map(async (name) => [name, await load()] as const))),
    );
    await eventually(() => expect(held.hasArrived).toBe(true));
    await expect(cache.delete(key)).resolves.toEqual({ status: 'applied' });
    held.release();
    await eventually(() => expect(loads.length).toBeGreaterThan(0));

    const second = cache.getOrLoad(key, () => 'new', { softTimeoutMs: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    for (const load of loads) load();
    await first;
    await expect(second).resolves.toBe('new');
  });
});
