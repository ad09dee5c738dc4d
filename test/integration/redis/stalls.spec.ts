import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { RedisServer } from '../../support/redis-server.js';

/** Milliseconds. Docs: the table of stalls in `docs/guides/outages.md`. */
const STALLS_MS = [20, 60, 80, 150, 300, 500, 1_000, 1_500, 5_000];
const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

describe('a Redis that stalls', () => {
  let redis: RedisServer;
  let pool: RedisPool;
  let cache: Cache;
  let losses: boolean[];

  beforeAll(async () => {
    redis = await RedisServer.start({ args: ['--enable-debug-command', 'yes'] });
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    pool = createRedisPool(redis.url);
    cache = createCache({ redis: pool, memory: false });
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
    for (const key of KEYS) await cache.set(key, key);
    losses = [];
    pool.monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => void losses.push(mayHaveLostWrites));
  });
  afterEach(async () => {
    await cache.close();
    await pool.close();
  });

  /** Reads until the stall is over, as an application under load does. */
  async function readThrough(stall: Promise<unknown>): Promise<void> {
    const state = { isOver: false };
    void stall.then(() => (state.isOver = true));
    while (!state.isOver) {
      await Promise.all(KEYS.map((key) => cache.getOrLoad(key, () => key)));
      await new Promise(setImmediate);
    }
  }

  it.each(STALLS_MS)('for %d ms is known for the same server, and every read after that is a hit', async (stallMs) => {
    await readThrough(redis.command('DEBUG', 'SLEEP', stallMs / 1_000));
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
    expect(losses).not.toContain(true);
    const found = await cache.getMany(KEYS);
    expect([...found.keys()]).toEqual(KEYS);
  });

  it('in a slow script is known for the same server, too', async () => {
    for (let i = 0; i < 3; i++) {
      const script = `local t = redis.call('TIME'); local s = t[1] * 1000 + t[2] / 1000
        repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > s + 80`;
      await readThrough(redis.command('EVAL', script, 0));
      expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
    }
    expect(losses).not.toContain(true);
  });
});
