import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { withRandom } from '../../../../../test/support/fixed-random.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('jitter', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000 });
  });
  afterEach(() => cache.close());

  const ttlOf = async (key: string, of = cache): Promise<number> => (await of.getEntry(key))!.ttlMs;

  it('shortens the ttl by a random share of at most that much', async () => {
    await withRandom(0, () => cache.set('least', 1, { jitter: 0.2 }));
    await withRandom(0.5, () => cache.set('half', 1, { jitter: 0.2 }));
    await withRandom(1, () => cache.set('most', 1, { jitter: 0.2 }));
    expect(await ttlOf('least')).toBe(1_000);
    expect(await ttlOf('half')).toBeCloseTo(900);
    expect(await ttlOf('most')).toBeCloseTo(800);
  });

  it('spreads entries that are stored together over its whole range', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `k:${i}`);
    await cache.getOrLoadMany(keys, () => new Map(keys.map((key) => [key, key])), { jitter: 0.5 });
    const ttls = await Promise.all(keys.map((key) => ttlOf(key)));
    expect(Math.min(...ttls)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...ttls)).toBeLessThanOrEqual(1_000);
    // Of 300 entries at random, the first and the last tenth of the range are empty once in 10^13 runs.
    expect(Math.min(...ttls)).toBeLessThan(550);
    expect(Math.max(...ttls)).toBeGreaterThan(950);
  });

  it('leaves the grace as long as it is', async () => {
    await withRandom(1, () => cache.set('k', 1, { jitter: 0.5, graceMs: 100 }));
    await clock.advance(599);
    await expect(cache.get('k', { allowStale: true })).resolves.toBe(1);
    await clock.advance(1);
    await expect(cache.get('k', { allowStale: true })).resolves.toBeUndefined();
  });

  it('is 0 by default', async () => {
    await withRandom(0.9, () => cache.set('k', 1));
    expect(await ttlOf('k')).toBe(1_000);
  });

  it('holds for loads: from the loader first, then the call, then the namespace', async () => {
    const shop = cache.namespace('shop', { jitter: 0.2 });
    await withRandom(1, async () => {
      await shop.getOrLoad('namespace', () => 1);
      await shop.getOrLoad('call', () => 1, { jitter: 0.4 });
      await shop.getOrLoad('loader', (context) => (context.set({ jitter: 0.6 }), 1), { jitter: 0.4 });
    });
    expect(await ttlOf('namespace', shop)).toBeCloseTo(800);
    expect(await ttlOf('call', shop)).toBeCloseTo(600);
    expect(await ttlOf('loader', shop)).toBeCloseTo(400);
  });

  it.each([-0.1, 1.1, Number.NaN])('is refused outside 0 to 1: %p', async (jitter) => {
    await expect(cache.set('k', 1, { jitter })).rejects.toThrow(RangeError);
    await expect(cache.getOrLoad('k', () => 1, { jitter })).rejects.toThrow('jitter');
    const load = cache.getOrLoad('k', (context) => (context.set({ jitter }), 1));
    await expect(load).rejects.toThrow(RangeError);
    expect(() => createCache({ jitter })).toThrow(RangeError);
  });

  it.each([0, 1])('may be %p', async (jitter) => {
    await expect(cache.set('k', 1, { jitter })).resolves.toEqual({ status: 'applied' });
  });
});
