import { createCache } from '../../../src/modules/cache/create-cache.js';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('two caches on one Redis', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;
  const open = (): Cache => createCache({ namespace: 'shop', redis: redis.url });

  beforeAll(async () => {
    redis = await RedisServer.start();
    a = open();
    b = open();
    await eventually(() => {
      expect([a.stats(), b.stats()]).toEqual([
        expect.objectContaining({ redis: 'up', isCoherent: true }),
        expect.objectContaining({ redis: 'up', isCoherent: true }),
      ]);
    });
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

  it('do not store a value that was loaded before an invalidation', async () => {
    let proceed!: () => void;
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    let source = 'old';
    let hasRead = false;
    const loading = a.getOrLoad('raced', async () => {
      const read = source;
      hasRead = true;
      await gate;
      return read;
    });
    await eventually(() => expect(hasRead).toBe(true));
    source = 'new';
    await b.delete('raced');
    proceed();
    await expect(loading).resolves.toBe('old');
    await expect(a.getOrLoad('raced', () => source)).resolves.toBe('new');
    await expect(b.getOrLoad('raced', () => source)).resolves.toBe('new');
  });

  it('let no caller join a load that an invalidation has outdated', async () => {
    let proceed!: () => void;
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    let source = 'old';
    let hasRead = false;
    const load = async (): Promise<string> => {
      const read = source;
      hasRead = true;
      if (read === 'old') await gate;
      return read;
    };
    const first = a.getOrLoad('joined', load, { tags: ['t'] });
    await eventually(() => expect(hasRead).toBe(true));
    source = 'new';
    await a.invalidateTags(['t']);
    const second = a.getOrLoad('joined', load, { tags: ['t'] });
    proceed();
    await expect(first).resolves.toBe('old');
    await expect(second).resolves.toBe('new');
    await expect(a.get('joined')).resolves.toBe('new');
  });

  it('take tags from the result, and do not store a value that such a tag has outdated', async () => {
    await a.getOrLoad('late', (context) => {
      context.set({ tags: ['author:1'] });
      return 'v1';
    });
    await expect(b.get('late')).resolves.toBe('v1');
    await b.invalidateTags(['author:1']);
    await expect(b.get('late')).resolves.toBeUndefined();
    await eventually(async () => expect(await a.get('late')).toBeUndefined());
    const value = await a.getOrLoad('late', async (context) => {
      await b.invalidateTags(['author:2']);
      context.set({ tags: ['author:2'] });
      return 'raced';
    });
    expect(value).toBe('raced');
    await expect(a.get('late')).resolves.toBeUndefined();
    await expect(b.get('late')).resolves.toBeUndefined();
  });

  it('load many keys with one call for the missing ones', async () => {
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

  it('remember absent keys for the time they are told', async () => {
    let loads = 0;
    const load = () => {
      loads++;
      return new Map<string, number>();
    };
    await a.getOrLoadMany(['none'], load, { negativeTtlMs: 60_000 });
    await b.getOrLoadMany(['none'], load, { negativeTtlMs: 60_000 });
    expect(loads).toBe(1);
    await expect(a.getOrLoad('undefined', () => undefined)).resolves.toBeUndefined();
    await expect(b.getEntry('undefined')).resolves.toMatchObject({ value: undefined });
  });
});
