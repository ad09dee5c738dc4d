import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('negative caching', () => {
  let clock: FakeClock;
  let cache: Cache;
  let loads: number;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 60_000 });
    loads = 0;
  });
  afterEach(() => cache.close());

  it.each([undefined, null])('keeps a loaded %p for negativeTtlMs instead of ttlMs', async (value) => {
    const load = () => (loads++, value);
    await cache.getOrLoad('k', load, { negativeTtlMs: 1_000 });
    await clock.advance(999);
    await expect(cache.getOrLoad('k', load, { negativeTtlMs: 1_000 })).resolves.toBe(value);
    expect(loads).toBe(1);
    await clock.advance(1);
    await cache.getOrLoad('k', load, { negativeTtlMs: 1_000 });
    expect(loads).toBe(2);
  });

  it.each([0, '', false, Number.NaN])('does not shorten the ttl of %p', async (value) => {
    await cache.getOrLoad('k', () => value, { negativeTtlMs: 1_000 });
    await expect(cache.getEntry('k')).resolves.toMatchObject({ value, ttlMs: 60_000 });
  });

  it('is off by default: undefined and null are kept as any value', async () => {
    for (const value of [undefined, null]) {
      await cache.getOrLoad(`${value}`, () => value);
      await expect(cache.getEntry(`${value}`)).resolves.toMatchObject({ value, ttlMs: 60_000 });
    }
  });

  it('gives way to a ttl that the loader sets itself', async () => {
    await cache.getOrLoad('k', (context) => context.set({ ttlMs: 5_000 }), { negativeTtlMs: 1_000 });
    await expect(cache.getEntry('k')).resolves.toMatchObject({ ttlMs: 5_000 });
  });

  it('remembers the keys of a batch that the loader left out, for negativeTtlMs', async () => {
    const load = (keys: readonly string[]) => ((loads += keys.length), new Map([['there', 'value']]));
    const read = () => cache.getOrLoadMany(['there', 'absent'], load, { negativeTtlMs: 1_000 });
    for (let i = 0; i < 2; i++) await expect(read()).resolves.toEqual(new Map([['there', 'value']]));
    expect(loads).toBe(2);
    await clock.advance(1_000);
    await read();
    expect(loads).toBe(3);
  });

  it('does not remember left out keys without negativeTtlMs', async () => {
    const load = (keys: readonly string[]) => ((loads += keys.length), new Map<string, string>());
    for (let i = 0; i < 2; i++) await cache.getOrLoadMany(['absent'], load);
    expect(loads).toBe(2);
  });

  it('remembers an absence that no read takes for a value, and each such read is a hit', async () => {
    await cache.getOrLoadMany(['absent'], () => new Map(), { negativeTtlMs: 1_000 });
    const before = cache.stats();
    await expect(cache.get('absent')).resolves.toBeUndefined();
    await expect(cache.getEntry('absent')).resolves.toBeUndefined();
    await expect(cache.getMany(['absent'])).resolves.toEqual(new Map());
    await expect(cache.getManyEntries(['absent'])).resolves.toEqual(new Map());
    expect(cache.stats().hits.memory - before.hits.memory).toBe(4);
    expect(cache.stats().misses).toBe(before.misses);
  });

  it('serves no remembered absence as stale, also when the loader fails', async () => {
    await cache.getOrLoadMany(['absent'], () => new Map(), { negativeTtlMs: 1_000, graceMs: 60_000 });
    await clock.advance(1_000);
    await expect(cache.get('absent', { allowStale: true })).resolves.toBeUndefined();
    const load = cache.getOrLoad('absent', () => Promise.reject(new Error('source down')));
    await expect(load).rejects.toThrow('source down');
  });

  it('does not let a ttl of the loader reach keys that it left out', async () => {
    const load = cache.getOrLoadMany(['absent'], (_, context) => (context.set({ ttlMs: 50_000 }), new Map()), {
      negativeTtlMs: 1_000,
    });
    await load;
    await clock.advance(1_000);
    await cache.getOrLoadMany(['absent'], () => (loads++, new Map()));
    expect(loads).toBe(1);
  });

  it('is refused if it is negative', async () => {
    await expect(cache.getOrLoad('k', () => 1, { negativeTtlMs: -1 })).rejects.toThrow(RangeError);
  });
});
