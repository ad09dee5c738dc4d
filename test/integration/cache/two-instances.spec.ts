import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('two caches on one Redis', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    [a, b] = await coherentCaches(redis, {}, {});
  });

  afterAll(async () => {
    await a.close();
    await b.close();
    await redis.stop();
  });

  it('share a loaded value', async () => {
    await expect(a.getOrLoad('shared', () => ({ name: 'cup' }))).resolves.toEqual({ name: 'cup' });
    const load = () => {
      throw new Error('must not load');
    };
    await expect(b.getOrLoad('shared', load)).resolves.toEqual({ name: 'cup' });
    await expect(b.getEntry('shared')).resolves.toMatchObject({ tier: 'memory' });
  });

  it('load once for many callers on both', async () => {
    let loads = 0;
    const load = async (): Promise<number> => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return loads;
    };
    const results = await Promise.all(
      [a, b].flatMap((cache) => Array.from({ length: 100 }, () => cache.getOrLoad('stampede', load))),
    );
    expect(new Set(results)).toEqual(new Set([1]));
    expect(loads).toBe(1);
  });

  it('remove a deleted key from the memory of the other', async () => {
    await a.set('deleted', 1);
    await expect(b.get('deleted')).resolves.toBe(1);
    await expect(a.delete('deleted')).resolves.toEqual({ status: 'applied' });
    await expect(a.get('deleted')).resolves.toBeUndefined();
    await eventually(async () => expect(await b.get('deleted')).toBeUndefined());
  });

  it('invalidate entries of both by tag', async () => {
    await a.set('p:1', 'one', { tags: ['products'] });
    await b.set('p:2', 'two', { tags: ['products', 'sale'] });
    await expect(b.getMany(['p:1', 'p:2', 'p:3'])).resolves.toEqual(
      new Map([
        ['p:1', 'one'],
        ['p:2', 'two'],
      ]),
    );
    await a.invalidateTags(['products']);
    await expect(a.getMany(['p:1', 'p:2'])).resolves.toEqual(new Map());
    await eventually(async () => expect(await b.getMany(['p:1', 'p:2'])).toEqual(new Map()));
    await expect(b.get('p:2', { consistency: 'strict' })).resolves.toBeUndefined();
  });

  it('keep expired entries as stale', async () => {
    await a.set('stale', 'old', { tags: ['expiring'], graceMs: 60_000 });
    await b.get('stale');
    await a.expireTags(['expiring']);
    await expect(a.get('stale')).resolves.toBeUndefined();
    await expect(a.getEntry('stale', { allowStale: true })).resolves.toMatchObject({ value: 'old', isStale: true });
    const failing = () => Promise.reject(new Error('source down'));
    await expect(a.getOrLoad('stale', failing, { graceMs: 60_000 })).resolves.toBe('old');
    await eventually(async () =>
      expect(await b.getEntry('stale', { allowStale: true })).toMatchObject({ value: 'old', isStale: true }),
    );
  });

  it('clear a namespace and those below it, and no other', async () => {
    const images = a.namespace('images');
    const thumbs = images.namespace('thumbs');
    await a.set('k', 'root');
    await images.set('k', 'image');
    await thumbs.set('k', 'thumb');
    await images.clear();
    await expect(Promise.all([a.get('k'), images.get('k'), thumbs.get('k')])).resolves.toEqual([
      'root',
      undefined,
      undefined,
    ]);
    await eventually(async () => expect(await b.namespace('images').namespace('thumbs').get('k')).toBeUndefined());
    await expect(b.get('k')).resolves.toBe('root');
  });

  it('load many keys with one call for those that are missing', async () => {
    await a.set('m:1', 1);
    const asked: string[][] = [];
    const load = (missing: readonly string[]) => {
      asked.push([...missing]);
      return new Map(missing.filter((key) => key !== 'm:4').map((key) => [key, Number(key.slice(2))]));
    };
    const keys = ['m:3', 'm:1', 'm:2', 'm:4', 'm:3'];
    await expect(b.getOrLoadMany(keys, load)).resolves.toEqual(
      new Map([
        ['m:3', 3],
        ['m:1', 1],
        ['m:2', 2],
      ]),
    );
    expect(asked).toEqual([['m:3', 'm:2', 'm:4']]);
    await expect(a.getMany(['m:2', 'm:3'])).resolves.toEqual(
      new Map([
        ['m:2', 2],
        ['m:3', 3],
      ]),
    );
  });
});
