import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { RedisServer } from '../../support/redis-server.js';

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

describe('minReadTimeoutMs', () => {
  it('is how long reads wait for a Redis that is slow; reads without it load meanwhile', async () => {
    const dear = { minReadTimeoutMs: 30_000, tiers: 'redis' } as const;
    const cheap = { tiers: 'redis' } as const;
    const loaded: string[] = [];
    const read = (name: string, options: typeof dear | typeof cheap) =>
      b.namespace(name, options).getOrLoad('k', () => {
        loaded.push(name);
        return 'loaded';
      });
    for (const [name, options] of Object.entries({ dear, cheap })) {
      await a.namespace(name, options).set('k', 'stored');
      // Versions are known from here on.
      expect(await read(name, options)).toBe('stored');
    }
    redis.pause();
    const patient = read('dear', dear);
    expect(await read('cheap', cheap)).toBe('loaded');
    redis.resume();
    expect(await patient).toBe('stored');
    expect(loaded).toEqual(['cheap']);
  });
});
