import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';

describe('the memory tier', () => {
  it('serves no entry past memory.maxTtlMs, whatever its ttl and grace', async () => {
    const clock = new FakeClock();
    const cache = createCache({ clock, ttlMs: 10_000, graceMs: 10_000, memory: { maxTtlMs: 500 } });
    await cache.set('k', 'v');
    await clock.advance(499);
    await expect(cache.get('k')).resolves.toBe('v');
    await clock.advance(1);
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(cache.get('k', { allowStale: true })).resolves.toBeUndefined();
    await cache.close();
  });

  it('keeps nothing where memory is false, and loads are still shared', async () => {
    const cache = createCache({ memory: false });
    await cache.set('k', 'v');
    await expect(cache.get('k')).resolves.toBeUndefined();
    let loads = 0;
    await Promise.all([1, 2, 3].map(() => cache.getOrLoad('k', async () => loads++)));
    expect(loads).toBe(1);
    expect(cache.stats()).toMatchObject({ fills: 0, memory: { entries: 0, maxBytes: 0 } });
    await cache.close();
  });

  it('is bounded in bytes: entries leave when memory.maxBytes is reached', async () => {
    const cache = createCache({ memory: { maxBytes: 50_000 } });
    for (let i = 0; i < 100; i++) await cache.set(`k:${i}`, 'x'.repeat(2_000));
    const { entries, usedBytes } = cache.stats().memory;
    expect(usedBytes).toBeLessThanOrEqual(50_000);
    expect(entries).toBeGreaterThan(5);
    await cache.close();
  });

  it('is left out by tiers: redis, and the only one for tiers: memory', async () => {
    const cache = createCache();
    await cache.set('redis', 1, { tiers: 'redis' });
    await cache.set('memory', 1, { tiers: 'memory' });
    await cache.getOrLoad('loaded', () => 1, { tiers: 'redis' });
    await expect(cache.getMany(['redis', 'memory', 'loaded'])).resolves.toEqual(new Map([['memory', 1]]));
    await cache.close();
  });

  it('a value that leaves memory takes an older one with it', async () => {
    const cache = createCache();
    await cache.set('k', 'old');
    await cache.set('k', 'new', { tiers: 'redis' });
    await expect(cache.get('k')).resolves.toBeUndefined();
    await cache.close();
  });
});

describe('maxValueBytes', () => {
  const LARGE = 'x'.repeat(200_000);

  it('a larger value is returned and not stored, and takes the old one with it', async () => {
    const cache = createCache({ maxValueBytes: 100_000 });
    await cache.set('k', 'small');
    await cache.set('k', LARGE);
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(cache.getOrLoad('k', () => LARGE)).resolves.toBe(LARGE);
    expect(cache.stats().memory.entries).toBe(0);
    await cache.close();
  });

  it('a value up to it is stored', async () => {
    const cache = createCache({ maxValueBytes: 1_000_000 });
    await cache.set('k', LARGE);
    await expect(cache.get('k')).resolves.toBe(LARGE);
    await cache.close();
  });
});
