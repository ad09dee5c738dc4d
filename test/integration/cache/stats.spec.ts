import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

/** The counts that need Redis; the others are in `engine/parts/stats.spec.ts`. */
describe('stats with Redis', () => {
  let redis: RedisServer;
  let cache: Cache;
  let other: Cache;

  beforeEach(async () => {
    redis = await RedisServer.start();
    [cache, other] = await coherentCaches(redis, { coherence: { heartbeatMs: 20 } }, {});
  });
  afterEach(async () => {
    await Promise.all([cache.close(), other.close()]);
    await redis.stop();
  });

  it('hits.redis: every read that Redis answered', async () => {
    await other.set('k', 1);
    await cache.get('k', { consistency: 'strict' });
    await cache.getMany(['k', 'missing'], { consistency: 'strict' });
    await cache.getOrLoad('k', () => 2, { consistency: 'strict' });
    expect(cache.stats()).toMatchObject({ hits: { memory: 0, redis: 3, stale: 0 }, misses: 1 });
  });

  it('fills and fillsRejected: results that Redis took, and results that came too late', async () => {
    await cache.getOrLoad('k', () => 1);
    await cache.getOrLoad('late', () => other.delete('late'));
    expect(cache.stats()).toMatchObject({ fills: 1, fillsRejected: 1, misses: 2 });
  });

  it('redis, isCoherent and queuedInvalidations: while Redis is away, and when it has returned', async () => {
    expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true, queuedInvalidations: 0 });
    await redis.kill();
    await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'down', isCoherent: false }));
    await cache.delete(['k', 'l']);
    await cache.invalidateTags(['t']);
    expect(cache.stats().queuedInvalidations).toBe(3);
    await redis.restart();
    await eventually(() =>
      expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true, queuedInvalidations: 0 }),
    );
  });
});
