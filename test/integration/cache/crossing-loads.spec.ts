import type { Cache } from '../../../src/modules/cache/index.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('loads of two instances that wait for each other', () => {
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

  it('end: each loads for itself what it waits for, and that is not stored', async () => {
    let running = 0;
    const load = async (cache: Cache, own: string, other: string): Promise<string> => {
      running++;
      await eventually(() => expect(running).toBe(2));
      return `${own} with ${await cache.getOrLoad<string>(other, () => `plain ${other}`)}`;
    };
    const loaded = await Promise.all([
      a.getOrLoad('x', () => load(a, 'x', 'y')),
      b.getOrLoad('y', () => load(b, 'y', 'x')),
    ]);
    // The second to give up may find what the first has stored.
    expect(loaded.filter((value) => / with plain [xy]$/.test(value)).length).toBeGreaterThanOrEqual(1);
    expect(await a.get('x', { consistency: 'strict' })).toBe(loaded[0]);
    expect(await a.get('y', { consistency: 'strict' })).toBe(loaded[1]);
  });
});
