import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('batches', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(async () => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000 });
    await cache.set('b', 2);
    await cache.set('undefined', undefined);
  });
  afterEach(() => cache.close());

  const loadAll = (keys: readonly string[]) => new Map(keys.map((key) => [key, key.toUpperCase()]));

  it('getMany gives what is there, in the order of the keys, each key once', async () => {
    await cache.set('a', 1);
    const found = await cache.getMany(['b', 'missing', 'a', 'undefined', 'b']);
    expect([...found]).toEqual([
      ['b', 2],
      ['a', 1],
      ['undefined', undefined],
    ]);
    await expect(cache.getMany([])).resolves.toEqual(new Map());
  });

  it('getManyEntries gives views', async () => {
    await clock.advance(100);
    const found = await cache.getManyEntries(['missing', 'b']);
    expect([...found]).toEqual([
      ['b', { value: 2, tier: 'memory', ageMs: 100, ttlMs: 900, isStale: false, sizeBytes: 0 }],
    ]);
  });

  it('getOrLoadMany calls the loader once for the keys that are missing, each key once', async () => {
    const asked: string[][] = [];
    const load = (keys: readonly string[]) => (asked.push([...keys]), loadAll(keys));
    const found = await cache.getOrLoadMany(['d', 'b', 'c', 'd'], load);
    expect([...found]).toEqual([
      ['d', 'D'],
      ['b', 2],
      ['c', 'C'],
    ]);
    expect(asked).toEqual([['d', 'c']]);
    await expect(cache.getMany(['c', 'd'])).resolves.toEqual(loadAll(['c', 'd']));
  });

  it('getOrLoadMany calls no loader if nothing is missing', async () => {
    const load = (): never => {
      throw new Error('must not load');
    };
    await expect(cache.getOrLoadMany(['b'], load)).resolves.toEqual(new Map([['b', 2]]));
    await expect(cache.getOrLoadMany([], load)).resolves.toEqual(new Map());
  });

  it('getOrLoadMany leaves out the keys that the loader leaves out', async () => {
    const load = () => new Map([['c', undefined]]);
    await expect(cache.getOrLoadMany(['c', 'absent'], load)).resolves.toEqual(new Map([['c', undefined]]));
  });

  it('getOrLoadMany joins the loads that are under way', async () => {
    const held = new HeldLoad();
    const single = cache.getOrLoad('c', held.load);
    const asked: string[][] = [];
    const batch = cache.getOrLoadMany(['c', 'd'], (keys) => (asked.push([...keys]), loadAll(keys)));
    await clock.advance(0);
    held.resolve('from the other load');
    await expect(batch).resolves.toEqual(
      new Map([
        ['c', 'from the other load'],
        ['d', 'D'],
      ]),
    );
    expect(asked).toEqual([['d']]);
    await single;
  });

  it('a single load joins the batch that loads its key', async () => {
    const held = new HeldLoad<Map<string, string>>();
    const batch = cache.getOrLoadMany(['c', 'd'], (_, context) => held.load(context));
    await clock.advance(0);
    const single = cache.getOrLoad('d', () => 'own');
    held.resolve(loadAll(['c', 'd']));
    await expect(single).resolves.toBe('D');
    await batch;
  });

  it('a batch whose loader fails is rejected with its error, and the next one loads again', async () => {
    await expect(cache.getOrLoadMany(['b', 'c'], () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    await expect(cache.getOrLoadMany(['c'], loadAll)).resolves.toEqual(loadAll(['c']));
  });

  it('tagsOf gives each key tags of its own, beside the common ones', async () => {
    const tagsOf = (key: string): string[] => [`one:${key}`];
    const load = () => cache.getOrLoadMany(['c', 'd'], loadAll, { tags: ['all'], tagsOf });
    await load();
    await cache.invalidateTags(['one:c']);
    await expect(cache.getMany(['c', 'd'])).resolves.toEqual(loadAll(['d']));
    await load();
    await cache.invalidateTags(['all']);
    await expect(cache.getMany(['c', 'd'])).resolves.toEqual(new Map());
  });

  it('tagsOf that throws rejects the batch, and no load stays behind', async () => {
    const tagsOf = (): never => {
      throw new Error('no tags');
    };
    await expect(cache.getOrLoadMany(['c'], loadAll, { tagsOf })).rejects.toThrow('no tags');
    await clock.advance(0);
    expect(cache.stats().loadsInFlight).toBe(0);
  });

  it('strict, refresh and bypass reads of a batch load every key; bypass stores none', async () => {
    for (const consistency of ['strict', 'bypass', 'refresh'] as const) {
      await cache.set('b', 2);
      await expect(cache.getOrLoadMany(['b'], loadAll, { consistency })).resolves.toEqual(loadAll(['b']));
      await expect(cache.get('b')).resolves.toBe(consistency === 'bypass' ? 2 : 'B');
    }
  });
});
