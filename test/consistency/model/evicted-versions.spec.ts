import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

describe('a tag whose version Redis evicted', () => {
  let redis: RedisServer;
  const caches: Cache[] = [];

  async function open(): Promise<Cache> {
    const [cache] = await coherentCaches(redis, { namespace: 'evicted', memory: false });
    caches.push(cache);
    return cache;
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    for (const cache of caches) await cache.close();
    await redis.stop();
  });

  it('does not leave instances that know different versions calling each other’s entries invalid', async () => {
    const old = await open();
    await old.set('before', 1, { tags: ['t'] });
    expect(await redis.command('DEL', '{evicted}:t::t')).toBe(1);
    const fresh = await open();
    await fresh.set('k', 1, { tags: ['t'] });

    await expect(old.getOrLoad('k', () => 2, { tags: ['t'] })).resolves.toBe(1);

    await old.set('k', 3, { tags: ['t'] });
    await expect(fresh.get('k')).resolves.toBe(3);
  });
});
