import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const MEBIBYTE = 2 ** 20;

describe('large values in Redis', () => {
  let redis: RedisServer;
  let pool: RedisPool;
  let cache: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    // Answers of a busy machine may take long to begin. Once they arrive, they are waited for in any case.
    pool = createRedisPool(redis.url, { monitor: { budget: { floorMs: 10, capMs: 50, lateMs: 20_000 } } });
    cache = createCache({ redis: pool, memory: false });
    expect(await cache.ready(5_000)).toBe(true);
  });
  afterAll(async () => {
    await cache.close();
    await pool.close();
    await redis.stop();
  });

  it.each([32, 48, 63])('of %i MiB are read back', async (size) => {
    const value = Buffer.alloc(size * MEBIBYTE, 'v');
    // A busy machine may take longer to store it than a command may take: it is told, and the next load stores it.
    await eventually(async () => {
      await cache.getOrLoad(`of ${size}`, () => value);
      expect((await cache.get<Buffer>(`of ${size}`))?.length).toBe(value.length);
    });
    // The loader does not end: only the answer of Redis can settle the read, in time or late.
    const loaded = await cache.getOrLoad<Buffer>(`of ${size}`, () => new Promise(() => undefined));
    expect(loaded.equals(value)).toBe(true);
    await cache.delete(`of ${size}`);
  });
});
