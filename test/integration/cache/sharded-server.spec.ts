import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

/** As behind a proxy: one address, and a script may touch keys of one hash slot only. */
describe('a sharded Redis that looks like one server', () => {
  let redis: RedisServer;
  const opened: Cache[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => expect(String(await redis.command('CLUSTER', 'INFO'))).toContain('cluster_state:ok'));
  });

  afterAll(async () => {
    for (const cache of opened) await cache.close();
    await redis.stop();
  });

  it('is followed slot by slot where there are partitions', async () => {
    const options = { namespace: 'sharded', partitions: 8, coherence: { heartbeatMs: 50 } };
    const [a, b] = await coherentCaches(redis, options, options);
    opened.push(a, b);
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);

    await Promise.all(keys.map((key) => a.set(key, key, { tags: ['all'] })));
    expect((await b.getMany(keys)).size).toBe(keys.length);
    await expect(a.delete(keys.slice(0, 25))).resolves.toEqual({ status: 'applied' });
    await eventually(async () => expect((await b.getMany(keys)).size).toBe(25));
    await expect(a.invalidateTags(['all'])).resolves.toEqual({ status: 'applied' });
    await eventually(async () => expect((await b.getMany(keys)).size).toBe(0));

    for (const cache of opened) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
  });
});
