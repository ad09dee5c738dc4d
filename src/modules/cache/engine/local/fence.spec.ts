import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { createCache } from '../../create-cache.js';
import type { Cache, LoadContext } from '../contract/cache.js';
import { KeyFence } from './key-fence.js';

describe('the fence: a load that an invalidation overtakes', () => {
  let clock: FakeClock;
  let cache: Cache;
  let held: HeldLoad;
  const tagged = { tags: ['t'] };

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock });
    held = new HeldLoad();
  });
  afterEach(() => cache.close());

  const invalidations: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a delete', () => cache.delete('k')],
    ['an invalidation of its tag', () => cache.invalidateTags(['t'])],
    ['a clear', () => cache.clear()],
  ];

  it.each(invalidations)('by %s gives its caller the value and stores nothing', async (_, invalidate) => {
    const loading = cache.getOrLoad('k', held.load, tagged);
    await clock.advance(0);
    await invalidate();
    held.resolve('old');
    await expect(loading).resolves.toBe('old');
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(cache.get('k', { allowStale: true })).resolves.toBeUndefined();
  });

  it.each(invalidations)('by %s is joined by no caller that comes later', async (_, invalidate) => {
    const before = cache.getOrLoad('k', held.load, tagged);
    await clock.advance(0);
    await invalidate();
    const after = cache.getOrLoad('k', held.load, tagged);
    await clock.advance(0);
    expect(held.calls).toBe(2);
    held.resolve('old');
    held.resolve('new');
    await expect(Promise.all([before, after])).resolves.toEqual(['old', 'new']);
    await expect(cache.get('k')).resolves.toBe('new');
  });

  it('by a set stores nothing: the value that was set stays', async () => {
    const loading = cache.getOrLoad('k', held.load);
    await clock.advance(0);
    await cache.set('k', 'set');
    held.resolve('old');
    await expect(loading).resolves.toBe('old');
    await expect(cache.get('k')).resolves.toBe('set');
  });

  it('by an invalidation of another tag, key or namespace is stored', async () => {
    const loading = cache.getOrLoad('k', held.load, tagged);
    await clock.advance(0);
    await cache.invalidateTags(['other']);
    await cache.namespace('below').clear();
    await cache.namespace('below').delete('k');
    held.resolve('value');
    await loading;
    await expect(cache.get('k')).resolves.toBe('value');
  });
});

describe('a tag that only the result of a load names', () => {
  let clock: FakeClock;
  let cache: Cache;
  let held: HeldLoad;
  const load = async (context: LoadContext): Promise<string> => {
    const value = await held.load(context);
    context.set({ tags: ['late'] });
    return value;
  };
  const call = (): Promise<string> => cache.getOrLoad('k', load);

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock });
    held = new HeldLoad();
  });
  afterEach(() => cache.close());

  it('and that was invalidated meanwhile: callers from before it take the value, without another load', async () => {
    const before = [call(), call()];
    await clock.advance(0);
    await cache.invalidateTags(['late']);
    held.resolve('old');
    await expect(Promise.all(before)).resolves.toEqual(['old', 'old']);
    await clock.advance(0);
    expect([held.calls, cache.stats().misses]).toEqual([1, 1]);
  });

  it('and that was invalidated meanwhile: all callers from after it share one more load', async () => {
    const before = call();
    await clock.advance(0);
    await cache.invalidateTags(['late']);
    const after = [call(), call(), call()];
    await clock.advance(0);
    held.resolve('old');
    await clock.advance(0);
    expect(held.calls).toBe(2);
    held.resolve('new');
    await expect(Promise.all([before, ...after])).resolves.toEqual(['old', 'new', 'new', 'new']);
    expect([held.calls, cache.stats().misses]).toEqual([2, 2]);
    await expect(cache.get('k')).resolves.toBe('new');
  });

  it('and that was not invalidated: a caller that joined after another invalidation takes the value', async () => {
    const before = call();
    await clock.advance(0);
    await cache.invalidateTags(['another']);
    const after = call();
    await clock.advance(0);
    held.resolve('value');
    await expect(Promise.all([before, after])).resolves.toEqual(['value', 'value']);
    await clock.advance(0);
    expect(held.calls).toBe(1);
  });
});

describe('KeyFence', () => {
  it('tells marks from before and after the invalidation of a key', () => {
    const fence = new KeyFence();
    const before = fence.mark();
    expect(fence.isUnchanged('k', before)).toBe(true);
    fence.raise('k');
    expect(fence.isUnchanged('k', before)).toBe(false);
    expect(fence.isUnchanged('k', fence.mark())).toBe(true);
  });

  it('leaves other keys alone', () => {
    const fence = new KeyFence();
    const before = fence.mark();
    fence.raise('k');
    const others = Array.from({ length: 100 }, (_, i) => `other:${i}`);
    expect(others.filter((key) => !fence.isUnchanged(key, before)).length).toBeLessThan(5);
  });

  it('raised for all, changes every key', () => {
    const fence = new KeyFence();
    const before = fence.mark();
    fence.raiseAll();
    for (const key of ['a', 'b', 'c']) {
      expect(fence.isUnchanged(key, before)).toBe(false);
      expect(fence.isUnchanged(key, fence.mark())).toBe(true);
    }
  });
});
