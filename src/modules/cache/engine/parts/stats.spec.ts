import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

/** The counts of a cache without Redis; those with Redis are in `test/integration/cache/stats.spec.ts`. */
describe('stats', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000, graceMs: 9_000, memory: { maxBytes: 1_000_000 } });
  });
  afterEach(() => cache.close());

  it('are zero at the start, and Redis is none', () => {
    expect(cache.stats()).toEqual({
      memory: { entries: 0, usedBytes: 0, maxBytes: 1_000_000 },
      redis: 'none',
      isCoherent: true,
      queuedInvalidations: 0,
      loadsInFlight: 0,
      hits: { memory: 0, redis: 0, stale: 0 },
      misses: 0,
      fills: 0,
      fillsRejected: 0,
    });
  });

  it('memory: entries and their bytes, more for larger values, and none after a delete', async () => {
    await cache.set('small', 'x');
    const { usedBytes } = cache.stats().memory;
    expect(usedBytes).toBeGreaterThan(0);
    await cache.set('large', 'x'.repeat(10_000));
    expect(cache.stats().memory.entries).toBe(2);
    expect(cache.stats().memory.usedBytes - usedBytes).toBeGreaterThan(10_000);
    await cache.delete(['small', 'large']);
    expect(cache.stats().memory).toEqual({ entries: 0, usedBytes: 0, maxBytes: 1_000_000 });
  });

  it('memory: 64 MiB by default, and 0 where it is turned off', async () => {
    const [plain, none] = [createCache({ clock }), createCache({ clock, memory: false })];
    await none.set('k', 1);
    expect(plain.stats().memory.maxBytes).toBe(64 * 2 ** 20);
    expect(none.stats().memory).toEqual({ entries: 0, usedBytes: 0, maxBytes: 0 });
    await Promise.all([plain.close(), none.close()]);
  });

  it('hits.memory and misses: every read of a key is one of them', async () => {
    await cache.set('k', 1);
    await cache.get('k');
    await cache.get('m');
    await cache.getMany(['k', 'm', 'k']);
    await cache.getOrLoad('k', () => 1);
    await cache.getOrLoad('loaded', () => 1);
    await cache.getOrLoadMany(['k', 'l:1', 'l:2'], () => new Map());
    expect(cache.stats()).toMatchObject({ hits: { memory: 4, redis: 0, stale: 0 }, misses: 5 });
  });

  it('hits.stale: every stale value that was served instead of a load', async () => {
    await cache.set('k', 'old');
    await clock.advance(1_000);
    await cache.getOrLoad('k', () => Promise.reject(new Error('down')));
    await cache.getOrLoad('k', () => new Promise(() => undefined), { softTimeoutMs: 0 });
    const slow = cache.getOrLoad('k', () => new Promise(() => undefined), { softTimeoutMs: 10 });
    await clock.advance(10);
    await slow;
    expect(cache.stats().hits).toEqual({ memory: 0, redis: 0, stale: 3 });
  });

  it('fills and fillsRejected: results that were stored, and results that were outdated', async () => {
    await cache.getOrLoad('k', () => 1);
    await cache.getOrLoadMany(['a', 'b'], (keys) => new Map(keys.map((key) => [key, key])));
    await cache.getOrLoad('late', async (context) => {
      await cache.invalidateTags(['t']);
      context.set({ tags: ['t'] });
    });
    expect(cache.stats()).toMatchObject({ fills: 3, fillsRejected: 1 });
  });

  it('fills: none for a value that is kept nowhere', async () => {
    const [none, small] = [createCache({ memory: false }), createCache({ maxValueBytes: 10 })];
    await none.getOrLoad('k', () => 'value');
    await small.getOrLoad('k', () => 'x'.repeat(1_000));
    await cache.getOrLoad('k', () => 'value', { tiers: 'redis' });
    await cache.getOrLoad('k', () => 'value', { shouldStore: () => false });
    expect([none, small, cache].map((one) => one.stats().fills)).toEqual([0, 0, 0]);
    await Promise.all([none.close(), small.close()]);
  });

  it('loadsInFlight: loads that have not ended', async () => {
    const held = new HeldLoad();
    const calls = ['a', 'b', 'a'].map((key) => cache.getOrLoad(key, held.load));
    await clock.advance(0);
    expect(cache.stats().loadsInFlight).toBe(2);
    held.resolve('value');
    await clock.advance(0);
    expect(cache.stats().loadsInFlight).toBe(1);
    held.reject(new Error('down'));
    await Promise.allSettled(calls);
    await clock.advance(0);
    expect(cache.stats().loadsInFlight).toBe(0);
  });

  it('are those of all namespaces together', async () => {
    const images = cache.namespace('images');
    await images.set('k', 1);
    await images.get('k');
    expect(images.stats()).toEqual(cache.stats());
    expect(cache.stats()).toMatchObject({ hits: { memory: 1 }, memory: { entries: 1 } });
  });
});
