import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { RedisServer } from '../../support/redis-server.js';

describe('maxLoadMs', () => {
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

  it('is how long other instances wait for a load; past it they load for themselves', async () => {
    const [slow, quick] = [{ maxLoadMs: 60_000 }, { maxLoadMs: 100 }];
    const held = new HeldLoad();
    const ofA = [
      a.namespace('slow', slow).getOrLoad('k', held.load),
      a.namespace('quick', quick).getOrLoad('k', held.load),
    ];
    await eventually(() => expect(held.calls).toBe(2));
    let loadsOfB = 0;
    const own = (): string => `own ${++loadsOfB}`;
    const waiting = b.namespace('slow', slow).getOrLoad('k', own);
    expect(await b.namespace('quick', quick).getOrLoad('k', own)).toBe('own 1');
    // Without the right to store.
    await expect(b.namespace('quick').get('k', { consistency: 'strict' })).resolves.toBeUndefined();
    held.resolve('from a');
    held.resolve('from a');
    expect(await waiting).toBe('from a');
    await Promise.all(ofA);
    expect(loadsOfB).toBe(1);
  });
});
