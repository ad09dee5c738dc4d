import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { RedisServer } from '../../support/redis-server.js';

describe('the fence on several instances: a load that an invalidation overtakes', () => {
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

  it.each([
    ['a delete', (key: string) => b.delete(key)],
    ['a set', (key: string) => b.set(key, 'set')],
    ['an invalidation of its tag', (key: string) => b.invalidateTags([key])],
    ['a clear', () => b.clear()],
  ])('by %s on another instance is stored nowhere, and its caller gets the value', async (name, invalidate) => {
    const held = new HeldLoad();
    const loading = a.getOrLoad(name, held.load, { tags: [name] });
    await eventually(() => expect(held.calls).toBe(1));
    await invalidate(name);
    held.resolve('old');
    await expect(loading).resolves.toBe('old');
    const expected = name === 'a set' ? 'set' : undefined;
    await expect(b.get(name, { consistency: 'strict' })).resolves.toBe(expected);
    await eventually(async () => expect(await a.get(name)).toBe(expected));
  });

  it('a value that was loaded before an invalidation is not stored', async () => {
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

  it('no caller joins a load that an invalidation has outdated', async () => {
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

  it('tags of the result count as well: a value that such a tag has outdated is not stored', async () => {
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
});
