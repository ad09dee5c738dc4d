import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

const APPLIED = { status: 'applied' };

describe('writes and invalidations on one instance', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000, graceMs: 1_000 });
  });
  afterEach(() => cache.close());

  it('set stores a value, and a second set replaces it with its ttl', async () => {
    await expect(cache.set('k', 'first', { ttlMs: 10 })).resolves.toEqual(APPLIED);
    await expect(cache.set('k', 'second')).resolves.toEqual(APPLIED);
    await clock.advance(999);
    await expect(cache.get('k')).resolves.toBe('second');
    await clock.advance(1);
    await expect(cache.get('k')).resolves.toBeUndefined();
  });

  it('set keeps any value, also those that no JSON holds', async () => {
    const values = { undefined: undefined, null: null, zero: 0, empty: '', date: new Date(5), map: new Map([[1, 2]]) };
    for (const [key, value] of Object.entries(values)) {
      await cache.set(key, value);
      await expect(cache.getEntry(key)).resolves.toMatchObject({ value });
    }
  });

  it('plain values are frozen, since every reader gets the same one', async () => {
    await cache.set('k', { list: [1] });
    const value = (await cache.get<{ list: number[] }>('k'))!;
    expect(() => value.list.push(2)).toThrow(TypeError);
    await expect(cache.get('k')).resolves.toBe(value);
  });

  it('delete removes one key or many, with their stale values; unknown keys are fine', async () => {
    await Promise.all(['a', 'b', 'c'].map((key) => cache.set(key, key)));
    await expect(cache.delete('a')).resolves.toEqual(APPLIED);
    await expect(cache.delete(['b', 'unknown'])).resolves.toEqual(APPLIED);
    await expect(cache.delete([])).resolves.toEqual(APPLIED);
    await expect(cache.getMany(['a', 'b', 'c'], { allowStale: true })).resolves.toEqual(new Map([['c', 'c']]));
  });

  it('invalidateTags makes each entry that carries one of the tags a miss, and no other', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('b', 2, { tags: ['y', 'z'] });
    await cache.set('c', 3, { tags: ['other'] });
    await cache.set('d', 4);
    await expect(cache.invalidateTags(['x', 'z', 'unknown'])).resolves.toEqual(APPLIED);
    await expect(cache.getMany(['a', 'b', 'c', 'd'], { allowStale: true })).resolves.toEqual(
      new Map([
        ['c', 3],
        ['d', 4],
      ]),
    );
    await cache.set('a', 'anew', { tags: ['x'] });
    await expect(cache.get('a')).resolves.toBe('anew');
  });

  it('expireTags makes entries stale, and leaves those that are stored later fresh', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('b', 2);
    await expect(cache.expireTags(['x'])).resolves.toEqual(APPLIED);
    await expect(cache.getMany(['a', 'b'])).resolves.toEqual(new Map([['b', 2]]));
    await expect(cache.getEntry('a', { allowStale: true })).resolves.toMatchObject({ value: 1, isStale: true });
    await cache.set('a', 'anew', { tags: ['x'] });
    await expect(cache.get('a')).resolves.toBe('anew');
  });

  it('a tag is of its namespace: the same tag of another one is not concerned', async () => {
    const [shop, blog] = [cache.namespace('shop'), cache.namespace('blog')];
    for (const one of [cache, shop, blog]) await one.set('k', 1, { tags: ['t'] });
    await shop.invalidateTags(['t']);
    await blog.expireTags(['t']);
    await expect(Promise.all([cache, shop, blog].map((one) => one.get('k')))).resolves.toEqual([
      1,
      undefined,
      undefined,
    ]);
  });

  it('clear empties its namespace and those below it, and no other', async () => {
    const shop = cache.namespace('shop');
    const all = [cache, shop, shop.namespace('images'), cache.namespace('shops')];
    for (const one of all) await one.set('k', 1);
    await expect(shop.clear()).resolves.toEqual(APPLIED);
    await expect(Promise.all(all.map((one) => one.get('k')))).resolves.toEqual([1, undefined, undefined, 1]);
    await cache.clear();
    await expect(Promise.all(all.map((one) => one.get('k', { allowStale: true })))).resolves.toEqual(
      all.map(() => undefined),
    );
  });

  it('keys and tags of one name in different namespaces are different entries', async () => {
    await cache.set('k', 'root');
    await cache.namespace('a').set('k', 'a');
    await cache.namespace('a').namespace('b').set('k', 'a/b');
    expect([cache.name, cache.namespace('a').namespace('b').name]).toEqual(['larder', 'larder/a/b']);
    await expect(cache.get('k')).resolves.toBe('root');
    await expect(cache.namespace('a').get('k')).resolves.toBe('a');
    await expect(cache.namespace('a').namespace('b').get('k')).resolves.toBe('a/b');
  });

  it.each(['', 'a b', 'a/b', 'ä', 'x'.repeat(65)])('%p is no name of a namespace', (name) => {
    expect(() => cache.namespace(name)).toThrow(RangeError);
    expect(() => createCache({ namespace: name })).toThrow(RangeError);
  });
});
