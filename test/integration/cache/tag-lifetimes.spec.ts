import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const PARTITIONS = [1, 4];
const ENTRIES = 4_000;
const CHUNK = 200;

describe.each(PARTITIONS)('the key of a tag in Redis, with %d partitions', (partitions) => {
  let redis: RedisServer;
  let cache: Cache;
  let other: Cache;

  /** The keys of tags and generations, with the time that each has left. `-1`: it has no end. */
  async function versionKeys(): Promise<Record<string, number>> {
    const keys = ((await redis.command('KEYS', '*')) as string[]).filter((key) => /}:[tg]:/.test(key));
    const left = await Promise.all(keys.map(async (key) => Number(await redis.command('PTTL', key))));
    return Object.fromEntries(keys.map((key, i) => [key.slice(key.indexOf('}') + 2), left[i]!]));
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  beforeEach(async () => {
    await redis.command('FLUSHALL');
    [cache, other] = await coherentCaches(
      redis,
      { namespace: 'lives', partitions, memory: false },
      { namespace: 'lives', partitions, memory: false },
    );
  });

  afterEach(async () => {
    await cache.close();
    await other.close();
  });

  afterAll(async () => {
    await redis.stop();
  });

  it('lives as long as an entry that is set, with its grace', async () => {
    await cache.set('k', 1, { tags: ['t'], ttlMs: 20_000, graceMs: 10_000 });
    await eventually(async () => {
      const left = (await versionKeys())['t::t']!;
      expect(left).toBeGreaterThan(20_000);
      expect(left).toBeLessThanOrEqual(30_000);
    });
  });

  it('lives as long as an entry that is loaded', async () => {
    await cache.getOrLoad('k', () => 1, { tags: ['t'], ttlMs: 20_000, graceMs: 0 });
    await eventually(async () => {
      const left = (await versionKeys())['t::t']!;
      expect(left).toBeGreaterThan(10_000);
      expect(left).toBeLessThanOrEqual(20_000);
    });
  });

  it('lives as long as the longest of its entries', async () => {
    await cache.set('long', 1, { tags: ['t'], ttlMs: 3_600_000, graceMs: 0 });
    await other.set('short', 1, { tags: ['t'], ttlMs: 1_000, graceMs: 0 });
    await other.set('longer', 1, { tags: ['t'], ttlMs: 7_200_000, graceMs: 0 });
    await eventually(async () => expect((await versionKeys())['t::t']).toBeGreaterThan(7_100_000));
    await cache.set('short', 2, { tags: ['t'], ttlMs: 1_000, graceMs: 0 });
    expect((await versionKeys())['t::t']).toBeGreaterThan(7_100_000);
    await expect(other.get('long')).resolves.toBe(1);
  });

  it('has no end where an entry has none', async () => {
    await cache.set('k', 1, { tags: ['t'], ttlMs: Number.POSITIVE_INFINITY });
    await eventually(async () => expect((await versionKeys())['t::t']).toBe(-1));
    await other.set('short', 1, { tags: ['t'], ttlMs: 1_000, graceMs: 0 });
    expect((await versionKeys())['t::t']).toBe(-1);
  });

  it('is not made by loads that store nothing', async () => {
    for (let i = 0; i < 20; i++) {
      const load = cache.namespace(`user-${i}`).getOrLoad('k', (context) => context.skipStore(), { tags: [`t${i}`] });
      await expect(load).resolves.toBeUndefined();
      const failing = cache.getOrLoad(`k${i}`, () => Promise.reject(new Error('not there')), { tags: [`t${i}`] });
      await expect(failing).rejects.toThrow('not there');
    }
    await cache.getOrLoadMany(['a', 'b'], () => new Map(), { tagsOf: (key: string) => [key] });
    // The root's generation is shared by all of them.
    await eventually(async () => expect(Object.keys(await versionKeys())).toEqual(['g:']));
  });

  it('is not made by reads, strict ones included, nor by an invalidation', async () => {
    await other.invalidateTags(['x']);
    await other.expireTags(['y']);
    await cache.get('k', { consistency: 'strict' });
    await cache.getMany(['a', 'b']);
    expect(Object.keys(await versionKeys())).toEqual([]);
  });

  it('stays for a load that shares the tag with one that stores nothing', async () => {
    const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
    const { promise: hasStarted, resolve: start } = Promise.withResolvers<void>();
    const slow = cache.getOrLoad(
      'slow',
      async () => {
        start();
        await isReleased;
        return 'value';
      },
      { tags: ['t'], ttlMs: 60_000 },
    );
    await hasStarted;
    await cache.getOrLoad('nothing', (context) => context.skipStore(), { tags: ['t'] });
    await other.getOrLoad('nothing there', (context) => context.skipStore(), { tags: ['t'] });
    release();
    await slow;
    await eventually(() => expect(other.get('slow')).resolves.toBe('value'));
  });

  it('is gone when its one-second entries are', async () => {
    const load = (wanted: readonly string[]): Map<string, string> => new Map(wanted.map((key) => [key, key]));
    const options = { tagsOf: (key: string): string[] => [`of ${key}`], ttlMs: 1_000, graceMs: 0 };
    for (let from = 0; from < ENTRIES; from += CHUNK) {
      const keys = Array.from({ length: CHUNK }, (_, i) => `k${from + i}`);
      await cache.getOrLoadMany(keys, load, options);
    }
    for (let i = 0; i < 20; i++) await cache.set(`set ${i}`, 1, { tags: [`set ${i}`], ttlMs: 1_000, graceMs: 0 });
    await eventually(async () => {
      const left = (await redis.command('KEYS', '*:t::*')) as string[];
      // Where a busy machine had a request time out, its tags stay for the time of a load.
      expect(left.length).toBeLessThan(ENTRIES / 10);
    });
  });

  it('that is lost and made anew validates no entry from before an invalidation', async () => {
    await cache.set('old', 'old', { tags: ['t'] });
    await other.invalidateTags(['t']);
    await redis.command('DEL', ...((await redis.command('KEYS', '*:t::t')) as string[]));
    await other.set('new', 'new', { tags: ['t'] });
    await expect(other.get('old')).resolves.toBeUndefined();
    await expect(cache.get('old', { consistency: 'strict' })).resolves.toBeUndefined();
    await expect(cache.get('new')).resolves.toBe('new');
  });

  it('that is invalidated and lost during a load lets the load store nothing that can be read', async () => {
    await cache.set('other', 1, { tags: ['t'] });
    const loaded = await cache.getOrLoad(
      'k',
      async () => {
        await other.invalidateTags(['t']);
        await redis.command('DEL', ...((await redis.command('KEYS', '*:t::t')) as string[]));
        await other.set('another', 2, { tags: ['t'] });
        return 'old';
      },
      { tags: ['t'] },
    );
    expect(loaded).toBe('old');
    await expect(other.get('k')).resolves.toBeUndefined();
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(other.get('another')).resolves.toBe(2);
  });

  it('that was evicted costs one load, and what is loaded next is stored', async () => {
    await cache.set('other', 1, { tags: ['t'], ttlMs: 3_600_000 });
    await redis.command('DEL', ...((await redis.command('KEYS', '*:t::t')) as string[]));
    for (let i = 0; i < 3; i++) await cache.getOrLoad('k', () => i, { tags: ['t'], consistency: 'strict' });
    await expect(other.getOrLoad('k', () => 'again', { tags: ['t'] })).resolves.not.toBe('again');
  });
});
