import type { Cache } from '../../../src/modules/cache/index.js';
import { freed } from '../../support/collect-garbage.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

/**
 * A value that was read belongs to its caller. A cache without memory that keeps it for a while makes the collector copy each
 * value of a busy moment.
 */
describe('a value read from Redis without a memory tier', () => {
  let redis: RedisServer;
  let cache: Cache;
  beforeAll(async () => {
    redis = await RedisServer.start();
    // A value that is kept until the deadline of its read is kept for a minute.
    [cache] = await coherentCaches(redis, { memory: false, minReadTimeoutMs: 60_000 });
    await Promise.all(['a', 'b', 'c'].map((key) => cache.set(key, { key })));
  });
  afterAll(async () => {
    await cache.close();
    await redis.stop();
  });

  const load = (): never => {
    throw new Error('A hit was expected');
  };

  it.each<[string, () => Promise<object[]>]>([
    ['by get', async () => [(await cache.get('a')) as object]],
    ['by getOrLoad', async () => [await cache.getOrLoad<object>('a', load)]],
    ['by reads of one tick', () => Promise.all(['a', 'b', 'c'].map((key) => cache.getOrLoad<object>(key, load)))],
    ['by getMany', async () => [...(await cache.getMany<object>(['a', 'b', 'c'])).values()]],
  ])('is held by nothing once it was handed over: %s', async (_, read) => {
    const references = (await read()).map((value) => new WeakRef(value));
    expect(references.length).toBeGreaterThan(0);
    await freed(() =>
      expect(references.map((reference) => reference.deref())).toEqual(references.map(() => undefined)),
    );
  });
});
