import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const KEPT = { ttlMs: 60_000, graceMs: 60_000 };
const STRICT = { consistency: 'strict' } as const;

describe('keys that are expired, looked for and set together', () => {
  let redis: RedisServer;
  let cache: Cache;
  let peer: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const options = { redis: redis.url, minReadTimeoutMs: 5_000 };
    [cache, peer] = [createCache(options), createCache(options)];
    await eventually(() => {
      for (const one of [cache, peer]) expect(one.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });
  });
  afterAll(async () => {
    await Promise.all([cache.close(), peer.close()]);
    await redis.stop();
  });

  it('an expired key is a miss for get, and stale for readers that take it, on every instance', async () => {
    await cache.set('expired', 'old', KEPT);
    await expect(peer.get('expired')).resolves.toBe('old');

    await expect(cache.expire('expired')).resolves.toEqual({ status: 'applied' });

    for (const one of [cache, peer]) {
      await eventually(async () => expect(await one.get('expired')).toBeUndefined());
      await expect(one.getEntry('expired', { allowStale: true })).resolves.toMatchObject({
        value: 'old',
        isStale: true,
      });
      await expect(one.getEntry('expired', { ...STRICT, allowStale: true })).resolves.toMatchObject({ isStale: true });
    }
  });

  it('an expired key is loaded again, and served stale when the loader fails', async () => {
    await cache.set('failing', 'old', KEPT);
    await cache.expire('failing');
    const failing = (): never => {
      throw new Error('source down');
    };
    const options = { ...KEPT, failSafeThrottleMs: 0 };
    await expect(cache.getOrLoad('failing', failing, options)).resolves.toBe('old');
    await expect(cache.getOrLoad('failing', () => 'new', options)).resolves.toBe('new');
    await expect(peer.get('failing', STRICT)).resolves.toBe('new');
    await expect(cache.getEntry('failing', STRICT)).resolves.toMatchObject({ isStale: false });
  });

  it('a load that began before an expire stores nothing', async () => {
    const gate = Promise.withResolvers<string>();
    const started = Promise.withResolvers<void>();
    const loading = cache.getOrLoad('loading', () => {
      started.resolve();
      return gate.promise;
    });
    await started.promise;
    await cache.expire('loading');
    gate.resolve('from before');
    await expect(loading).resolves.toBe('from before');
    for (const one of [cache, peer]) await expect(one.get('loading', STRICT)).resolves.toBeUndefined();
  });

  it('an expired key stays expired when a second expire, or a waiter, marks it again', async () => {
    await cache.set('twice', 'old', KEPT);
    await cache.expire(['twice', 'unknown']);
    await peer.expire('twice');
    await expect(cache.getEntry('twice', { ...STRICT, allowStale: true })).resolves.toMatchObject({
      value: 'old',
      isStale: true,
    });
  });

  it('a memory-only value takes the place of the one in Redis', async () => {
    await cache.set('memory', 'old', KEPT);
    await expect(cache.set('memory', 'new', { ...KEPT, tiers: 'memory' })).resolves.toEqual({ status: 'applied' });
    await expect(cache.get('memory')).resolves.toBe('new');
    await expect(cache.get('memory', STRICT)).resolves.toBeUndefined();
    await eventually(async () => expect(await peer.get('memory')).toBeUndefined());
  });

  it('a value that can not be stored, or is too large, removes the old one', async () => {
    const small = createCache({ redis: redis.url, maxValueBytes: 1_000, minReadTimeoutMs: 5_000 });
    await eventually(() => expect(small.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    for (const key of ['function', 'large']) await small.set(key, 'old', KEPT);

    await expect(small.set('function', () => 'a function', KEPT)).rejects.toThrow(TypeError);
    await small.set('large', 'x'.repeat(2_000), KEPT);

    for (const key of ['function', 'large']) {
      await expect(small.get(key)).resolves.toBeUndefined();
      await expect(peer.get(key, STRICT)).resolves.toBeUndefined();
    }
    await small.close();
  });

  it('a refresh that stores nothing removes the old value', async () => {
    const refresh = { ...KEPT, consistency: 'refresh' } as const;
    const loaders = {
      unstorable: () => () => 'a function',
      absent: async () => new Map<string, string>(),
    };
    await cache.setMany(
      Object.keys(loaders).map((key) => [key, 'old']),
      KEPT,
    );

    await cache.getOrLoad('unstorable', loaders.unstorable, refresh);
    await cache.getOrLoadMany(['absent'], loaders.absent, refresh);

    for (const key of Object.keys(loaders)) {
      await expect(cache.get(key)).resolves.toBeUndefined();
      await expect(peer.get(key, STRICT)).resolves.toBeUndefined();
    }
  });

  it('has tells whether there is a fresh value', async () => {
    await cache.set('present', undefined);
    await cache.set('stale', 1, KEPT);
    await cache.expire('stale');
    await expect(cache.has('present')).resolves.toBe(true);
    await expect(peer.has('present', STRICT)).resolves.toBe(true);
    await expect(cache.has('stale')).resolves.toBe(false);
    await expect(cache.has('stale', { allowStale: true })).resolves.toBe(true);
    await expect(cache.has('missing')).resolves.toBe(false);
  });

  it('setMany stores every value, the last one of a key that is given twice', async () => {
    const entries: [string, number][] = Array.from({ length: 500 }, (_, i) => [`many-${i}`, i]);
    await expect(cache.setMany([...entries, ['many-0', -1]], { tags: ['many'] })).resolves.toEqual({
      status: 'applied',
    });
    const keys = entries.map(([key]) => key);
    const found = await peer.getMany(keys, STRICT);
    expect([...found.values()]).toEqual([-1, ...entries.slice(1).map(([, value]) => value)]);

    await cache.invalidateTags(['many']);
    await expect(peer.getMany(keys, STRICT)).resolves.toEqual(new Map());
  });
});
