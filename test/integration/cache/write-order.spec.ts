import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

/** Goes the lane of large values, where small ones overtake it. */
const LARGE = 'x'.repeat(4 * 2 ** 20);

describe('writes of one key by one instance', () => {
  let redis: RedisServer;
  let cache: Cache;
  let peer: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [cache, peer] = await coherentCaches(redis, {}, {});
  });
  afterAll(async () => {
    await Promise.all([cache.close(), peer.close()]);
    await redis.stop();
  });

  it.each([
    ['large', LARGE],
    ['small', 'small'],
  ])('a delete that was called after a set removes its %s value', async (name, value) => {
    const set = cache.set(name, value);
    const deleted = cache.delete([name, 'another']);
    await expect(deleted).resolves.toEqual({ status: 'applied' });
    const strict = { consistency: 'strict' } as const;
    await expect(Promise.all([cache.get(name), peer.get(name, strict)])).resolves.toEqual([undefined, undefined]);
    await set;
    await expect(Promise.all([cache.get(name), peer.get(name, strict)])).resolves.toEqual([undefined, undefined]);
  });

  it('the last set stays, though an earlier one takes longer', async () => {
    await Promise.all([cache.set('k', LARGE), cache.set('k', 'last')]);
    await expect(cache.get('k')).resolves.toBe('last');
    await expect(peer.get('k', { consistency: 'strict' })).resolves.toBe('last');
  });

  it('a failed write does not hold up the next ones', async () => {
    const failed = cache.set('unstorable', () => 'a function');
    const next = cache.set('unstorable', 'a value');
    await expect(failed).rejects.toThrow(TypeError);
    await expect(next).resolves.toEqual({ status: 'applied' });
    await expect(cache.delete('unstorable')).resolves.toEqual({ status: 'applied' });
  });
});
