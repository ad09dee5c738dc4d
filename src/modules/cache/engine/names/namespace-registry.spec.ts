import { collectGarbage, freed } from '../../../../../test/support/collect-garbage.js';
import type { Cache } from '../contract/cache.js';
import { createCache } from '../../create-cache.js';

/** In a function of its own, so that nothing here holds them. */
function references(cache: Cache, names: readonly string[]): WeakRef<Cache>[] {
  return names.map((name) => new WeakRef(cache.namespace(name)));
}

describe('namespaces', () => {
  let cache: Cache;

  beforeEach(() => {
    cache = createCache();
  });

  afterEach(async () => {
    await cache.close();
  });

  it('are freed when nothing holds them', async () => {
    const made = references(
      cache,
      Array.from({ length: 1_000 }, (_, user) => `user-${user}`),
    );

    await freed(() => expect(made.filter((reference) => reference.deref() !== undefined)).toHaveLength(0));
  });

  it('are the same object for the same name and options while it is held, whatever holds those above', async () => {
    const leaf = cache.namespace('a').namespace('b', { ttlMs: 1_000 });

    await collectGarbage();

    expect(cache.namespace('a').namespace('b', { ttlMs: 1_000 })).toBe(leaf);
    expect(cache.namespace('a').namespace('b', { ttlMs: 2_000 })).not.toBe(leaf);
    expect(cache.namespace('a', { ttlMs: 5 }).namespace('b', { ttlMs: 1_000 })).not.toBe(leaf);
  });

  it('keep their cap on loads while something loads, also when nothing holds them', async () => {
    const started: string[] = [];
    const ends = new Map<string, () => void>();
    const load = (key: string): Promise<string> =>
      cache.namespace('capped', { maxConcurrentLoads: 1 }).getOrLoad(key, () => {
        started.push(key);
        return new Promise((resolve) => ends.set(key, () => resolve(key)));
      });
    const first = load('first');

    await collectGarbage();
    const second = load('second');
    await collectGarbage();

    expect(started).toEqual(['first']);
    ends.get('first')!();
    await first;
    await collectGarbage();
    expect(started).toEqual(['first', 'second']);
    ends.get('second')!();
    await second;
  });

  it('remember that they were cleared, also when they were freed since', async () => {
    await cache.namespace('shop').set('k', 'old');
    await collectGarbage();
    await cache.namespace('shop').clear();
    await collectGarbage();

    expect(await cache.namespace('shop').get('k')).toBeUndefined();
  });

  it('are cleared with those above, also when these were freed since', async () => {
    await cache.namespace('shop').namespace('carts').set('k', 'old');
    await collectGarbage();
    await cache.namespace('shop').clear();

    expect(await cache.namespace('shop').namespace('carts').get('k')).toBeUndefined();
  });
});
