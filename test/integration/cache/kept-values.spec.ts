import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

/**
 * What a read brought is its caller's: a cache without memory that holds on to it for a while makes the collector copy every
 * value of a busy moment.
 */
describe('a value read from Redis without a memory tier', () => {
  let redis: RedisServer;
  let cache: Cache;
  beforeAll(async () => {
    redis = await RedisServer.start();
    cache = createCache({ redis: redis.url, memory: false });
    await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
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
  ])('is held by nobody once it was handed over: %s', async (_, read) => {
    const references = (await read()).map((value) => new WeakRef(value));
    expect(references.length).toBeGreaterThan(0);
    await collectGarbage();
    expect(references.map((reference) => reference.deref())).toEqual(references.map(() => undefined));
  });
});
