import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { type CacheOptions, createCache } from '../../../src/modules/cache/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

const RECORD = '{laid}:layout';
const OPTIONS = { namespace: 'laid', coherence: { heartbeatMs: 50 } } satisfies CacheOptions;

describe('instances with different layouts', () => {
  let redis: RedisServer;
  const opened: Cache[] = [];
  const open = (options: CacheOptions = {}): Cache => {
    const cache = createCache({ redis: redis.url, ...OPTIONS, ...options });
    opened.push(cache);
    return cache;
  };
  const refused = (cache: Cache): Promise<void> =>
    eventually(() =>
      expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: false, refusal: expect.any(String) }),
    );

  beforeEach(async () => {
    redis = await RedisServer.start();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
    await redis.stop();
  });

  it('do not share a namespace: the second one works from memory and says why', async () => {
    const [one] = await coherentCaches(redis, { ...OPTIONS, partitions: 1 });
    opened.push(one);
    const other = open({ partitions: 4 });
    const reasons: string[] = [];
    other.on('coherence', ({ reason }) => reasons.push(reason));

    await refused(other);
    await expect(other.getOrLoad('k', () => 'loaded')).resolves.toBe('loaded');
    await expect(other.delete('k')).resolves.toEqual({ status: 'queued' });
    await expect(other.ready(0)).resolves.toBe(false);

    expect(other.stats().refusal).toMatch(/namespace laid use Redis with partitions=1 .*this one with partitions=4 /);
    expect(reasons).toEqual([other.stats().refusal]);
    expect(one.stats()).toMatchObject({ isCoherent: true });
    expect(one.stats().refusal).toBeUndefined();
  });

  it.each(['partitions=1 envelope=3 protocol=2', 'partitions=1 envelope=2 protocol=3'])(
    'of another version do not either: %s',
    async (layout) => {
      await redis.command('SET', RECORD, `${layout}@${Math.floor(Date.now() / 1_000)}`);
      const cache = open();

      await refused(cache);

      expect(cache.stats().refusal).toContain(layout);
    },
  );

  it('use Redis again when the others are gone, without what the earlier use left', async () => {
    const [one] = await coherentCaches(redis, { ...OPTIONS, partitions: 1 });
    await one.set('k', 'old');
    await one.close();
    const [another] = [open({ partitions: 4 })];
    await refused(another);
    await another.invalidateTags(['t']);

    // The last use of the record was an hour ago.
    await redis.command('SET', RECORD, String(await redis.command('GET', RECORD)).replace(/@\d+$/, '@1000'));
    await eventually(() => expect(another.stats()).toMatchObject({ isCoherent: true, queuedInvalidations: 0 }));
    await another.close();
    await redis.command('SET', RECORD, String(await redis.command('GET', RECORD)).replace(/@\d+$/, '@1000'));
    const [back] = await coherentCaches(redis, { ...OPTIONS, partitions: 1 });
    opened.push(back);

    await expect(back.get('k')).resolves.toBeUndefined();
  });

  it('find the record again after it was evicted, and nothing is invalidated', async () => {
    const [one] = await coherentCaches(redis, { ...OPTIONS, partitions: 4 });
    opened.push(one);
    await one.set('k', 1);
    await redis.command('DEL', RECORD);
    await eventually(async () => {
      await one.get('k');
      expect(await redis.command('GET', RECORD)).toMatch(/^partitions=4 /);
    });
    const [two] = await coherentCaches(redis, { ...OPTIONS, partitions: 4 });
    opened.push(two);

    await expect(two.get('k')).resolves.toBe(1);
    const other = open({ partitions: 1 });
    await refused(other);
  });

  it('that disagree after an eviction stop using Redis within a heartbeat', async () => {
    const [one] = await coherentCaches(redis, { ...OPTIONS, partitions: 4 });
    opened.push(one);
    await one.set('k', 1);
    await redis.command('SET', RECORD, `partitions=1 envelope=2 protocol=2@${Math.floor(Date.now() / 1_000)}`);

    await eventually(async () => {
      await one.get('k');
      expect(one.stats().refusal).toContain('partitions=1 ');
    });

    // When it uses Redis again, nothing holds that it knew before.
    await one.set('k', 'in memory', { tiers: 'memory' });
    await redis.command('SET', RECORD, 'partitions=1 envelope=2 protocol=2@1000');
    await eventually(async () => {
      await one.get('another');
      expect(one.stats()).toMatchObject({ isCoherent: true, queuedInvalidations: 0 });
    });
    await expect(one.get('k')).resolves.toBeUndefined();
  });

  it('do not keep the rest of the process from using Redis', async () => {
    const [one] = await coherentCaches(redis, { ...OPTIONS, partitions: 1 });
    opened.push(one);
    const other = open({ partitions: 4 });
    await refused(other);

    expect(other.stats().redis).toBe('up');
  });
});
