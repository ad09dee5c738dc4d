import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

/** `strict` reads of Redis are in `test/integration/cache/strict-reads.spec.ts`. */
describe('consistency of a read', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(async () => {
    clock = new FakeClock();
    cache = createCache({ clock });
    await cache.set('k', 'stored');
  });
  afterEach(() => cache.close());

  it('cached is the default: memory answers', async () => {
    await expect(cache.get('k')).resolves.toBe('stored');
    await expect(cache.get('k', { consistency: 'cached' })).resolves.toBe('stored');
    await expect(cache.getOrLoad('k', () => 'loaded', { consistency: 'cached' })).resolves.toBe('stored');
  });

  it.each(['strict', 'bypass', 'refresh'] as const)('%s: memory does not answer', async (consistency) => {
    await expect(cache.get('k', { consistency })).resolves.toBeUndefined();
    await expect(cache.getEntry('k', { consistency })).resolves.toBeUndefined();
    await expect(cache.getMany(['k'], { consistency })).resolves.toEqual(new Map());
    await expect(cache.getOrLoad('k', () => 'loaded', { consistency })).resolves.toBe('loaded');
    expect(cache.stats().hits.memory).toBe(0);
  });

  it('refresh stores what it loads', async () => {
    await cache.getOrLoad('k', () => 'loaded', { consistency: 'refresh' });
    await expect(cache.get('k')).resolves.toBe('loaded');
  });

  it('bypass loads without storing', async () => {
    await cache.getOrLoad('k', () => 'loaded', { consistency: 'bypass' });
    await cache.getOrLoad('new', () => 'loaded', { consistency: 'bypass' });
    await expect(cache.getMany(['k', 'new'])).resolves.toEqual(new Map([['k', 'stored']]));
    expect(cache.stats().fills).toBe(0);
  });

  it.each(['strict', 'bypass', 'refresh'] as const)('%s: joins no load that is under way', async (consistency) => {
    const held = new HeldLoad();
    const joinable = cache.getOrLoad('new', held.load);
    const own = cache.getOrLoad('new', held.load, { consistency });
    await clock.advance(0);
    expect(held.calls).toBe(2);
    held.resolve('first');
    held.resolve('second');
    await expect(Promise.all([joinable, own])).resolves.toEqual(['first', 'second']);
  });

  it.each([
    ['refresh', 1],
    ['bypass', 2],
    ['strict', 2],
  ] as const)('%s: of it and a cached read after it, %p load', async (consistency, loads) => {
    const held = new HeldLoad();
    const first = cache.getOrLoad('new', held.load, { consistency });
    const second = cache.getOrLoad('new', held.load);
    await clock.advance(0);
    expect(held.calls).toBe(loads);
    for (let i = 0; i < loads; i++) held.resolve('value');
    await Promise.all([first, second]);
  });
});
