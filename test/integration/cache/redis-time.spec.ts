import { type Clock, systemClock } from '../../../src/common/clock.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const HOUR_MS = 3_600_000;

/** A process whose date is wrong. */
const skewed = (skewMs: number): Clock => ({
  nowMs: () => systemClock.nowMs(),
  wallMs: () => systemClock.wallMs() + skewMs,
  setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs),
});

describe.each([-HOUR_MS, HOUR_MS])('a process whose date is %i ms off, given a pool that is up', (skewMs) => {
  let redis: RedisServer;
  let pool: RedisPool;

  beforeAll(async () => {
    redis = await RedisServer.start();
    // The budgets of a busy machine do not matter here.
    pool = createRedisPool(redis.url, { monitor: { budget: { floorMs: 1_000, capMs: 1_000, lateMs: 1_000 } } });
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
  });
  afterAll(async () => {
    await pool.close();
    await redis.stop();
  });

  it('writes with a deadline in Redis’s time from its first call', async () => {
    const cache = createCache({ namespace: 'set', redis: pool, clock: skewed(skewMs) });
    await expect(cache.set('k', 'v', { ttlMs: 60_000 })).resolves.toEqual({ status: 'applied' });
    const peer = createCache({ namespace: 'set', redis: pool });
    await expect(peer.getEntry('k', { consistency: 'strict' })).resolves.toMatchObject({ value: 'v', isStale: false });
    const { ttlMs } = (await peer.getEntry('k', { consistency: 'strict' }))!;
    expect(ttlMs).toBeGreaterThan(30_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    await Promise.all([cache.close(), peer.close()]);
  });

  it('fills and reads with times of Redis from its first call', async () => {
    const peer = createCache({ namespace: 'fill', redis: pool });
    await peer.set('stored', 'by a peer', { ttlMs: 60_000 });
    const cache = createCache({ namespace: 'fill', redis: pool, clock: skewed(skewMs) });
    await expect(cache.get('stored')).resolves.toBe('by a peer');
    const other = createCache({ namespace: 'fill', redis: pool, clock: skewed(skewMs) });
    await other.getOrLoad('loaded', () => 'here', { ttlMs: 60_000 });
    // A caller of getOrLoad waits only a moment for its value to be stored.
    const { ttlMs } = await eventually(async () => {
      const found = await peer.getEntry('loaded');
      expect(found).toBeDefined();
      return found!;
    });
    expect(ttlMs).toBeGreaterThan(30_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    await Promise.all([cache, other, peer].map((one) => one.close()));
  });
});
