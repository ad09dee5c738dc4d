import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { RedisServer } from '../../support/redis-server.js';

const LARGE = 'x'.repeat(200_000);

describe('compressAboveBytes', () => {
  let redis: RedisServer;
  let cache: Cache;
  let reader: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [cache, reader] = await coherentCaches(redis, {}, { memory: false });
  });
  afterAll(async () => {
    await Promise.all([cache.close(), reader.close()]);
    await redis.stop();
  });

  const bytesInRedis = async (slot: string): Promise<number> =>
    Number(await redis.command('STRLEN', `{larder}:v:${slot}`));

  it('is off by default', async () => {
    await cache.set('plain', LARGE);
    await cache.getOrLoad('plain load', () => LARGE);
    expect(await bytesInRedis(':plain')).toBeGreaterThan(LARGE.length);
    expect(await bytesInRedis(':plain load')).toBeGreaterThan(LARGE.length);
  });

  it('compresses larger values in Redis; they are read as they were', async () => {
    const shop = cache.namespace('shop', { compressAboveBytes: 1_000 });
    const compressed: Record<string, () => Promise<unknown>> = {
      ':set': () => cache.set('set', LARGE, { compressAboveBytes: 1_000 }),
      ':load': () => cache.getOrLoad('load', () => LARGE, { compressAboveBytes: 1_000 }),
      'shop:set': () => shop.set('set', LARGE),
      'shop:load': () => shop.getOrLoad('load', () => LARGE),
    };
    for (const [slot, store] of Object.entries(compressed)) {
      await store();
      expect(await bytesInRedis(slot)).toBeLessThan(10_000);
    }
    await expect(reader.getMany(['set', 'load'])).resolves.toEqual(
      new Map([
        ['set', LARGE],
        ['load', LARGE],
      ]),
    );
    await expect(reader.namespace('shop').get('load')).resolves.toBe(LARGE);
  });

  it('may be asked for, or turned off, by the loader of a value', async () => {
    await cache.getOrLoad('asked', (context) => (context.set({ compressAboveBytes: 1_000 }), LARGE));
    expect(await bytesInRedis(':asked')).toBeLessThan(10_000);
    await expect(reader.get('asked')).resolves.toBe(LARGE);
    const off = { compressAboveBytes: Number.POSITIVE_INFINITY };
    await cache.getOrLoad('off', (context) => (context.set(off), LARGE), { compressAboveBytes: 1_000 });
    expect(await bytesInRedis(':off')).toBeGreaterThan(LARGE.length);
  });

  it('leaves values up to it as they are', async () => {
    await cache.set('small', LARGE, { compressAboveBytes: 300_000 });
    expect(await bytesInRedis(':small')).toBeGreaterThan(LARGE.length);
  });

  it('changes no size in memory: a value counts as what it is there', async () => {
    const [own] = await coherentCaches(redis, { namespace: 'sizes', compressAboveBytes: 1_000 });
    await own.set('set', LARGE);
    expect(own.stats().memory.usedBytes).toBeGreaterThan(LARGE.length);
    await own.getOrLoad('filled', () => LARGE);
    expect(own.stats().memory.usedBytes).toBeGreaterThan(2 * LARGE.length);
    expect(Number(await redis.command('STRLEN', '{sizes}:v::filled'))).toBeLessThan(10_000);
    await own.close();
  });
});
