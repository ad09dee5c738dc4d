import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { RedisServer } from '../../support/redis-server.js';

const STRICT = { consistency: 'strict' } as const;

describe('strict reads', () => {
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

  /** Stores an entry, and reads it on `b`, which keeps it in memory. */
  const store = async (key: string): Promise<void> => {
    await a.set(key, 'old', { tags: [key], graceMs: 60_000 });
    await expect(b.get(key)).resolves.toBe('old');
  };

  it('answer from Redis, though memory has the entry', async () => {
    await store('k');
    const before = b.stats().hits;
    await expect(b.getEntry('k', STRICT)).resolves.toMatchObject({ value: 'old', tier: 'redis' });
    await expect(b.getMany(['k'], STRICT)).resolves.toEqual(new Map([['k', 'old']]));
    await expect(b.getOrLoad('k', () => 'loaded', STRICT)).resolves.toBe('old');
    await expect(b.getOrLoadMany(['k'], () => new Map(), STRICT)).resolves.toEqual(new Map([['k', 'old']]));
    expect(b.stats().hits).toMatchObject({ memory: before.memory, redis: before.redis + 4 });
  });

  it('see every write of another instance at once, before it is announced', async () => {
    const writes: Record<string, (key: string) => Promise<unknown>> = {
      delete: (key) => a.delete(key),
      invalidateTags: (key) => a.invalidateTags([key]),
      expireTags: (key) => a.expireTags([key]),
      clear: () => a.clear(),
    };
    for (const [key, write] of Object.entries(writes)) {
      await store(key);
      await write(key);
      await expect(b.get(key, STRICT)).resolves.toBeUndefined();
      await expect(b.getOrLoad(key, () => 'loaded', STRICT)).resolves.toBe('loaded');
    }
    await store('set');
    await a.set('set', 'new');
    await expect(b.get('set', STRICT)).resolves.toBe('new');
  });

  it('see what was expired as stale, if they allow stale', async () => {
    await store('expired');
    await a.expireTags(['expired']);
    await expect(b.getEntry('expired', { ...STRICT, allowStale: true })).resolves.toMatchObject({
      value: 'old',
      isStale: true,
    });
  });

  it('store what they load', async () => {
    await expect(b.getOrLoad('stored', () => 'loaded', STRICT)).resolves.toBe('loaded');
    await expect(a.get('stored')).resolves.toBe('loaded');
  });

  it('are misses while Redis does not answer', async () => {
    await store('away');
    redis.pause();
    await expect(b.get('away', STRICT)).resolves.toBeUndefined();
    await expect(b.getOrLoad('away', () => 'loaded', STRICT)).resolves.toBe('loaded');
    redis.resume();
  });
});
