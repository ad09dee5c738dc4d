import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache, LoadContext } from '../contract/cache.js';

describe('what a loader is told and may say', () => {
  let clock: FakeClock;
  let cache: Cache;
  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000 });
  });
  afterEach(() => cache.close());

  it('the keys it loads', async () => {
    const seen: (readonly string[])[] = [];
    await cache.set('b', 1);
    await cache.getOrLoad('a', ({ keys }) => seen.push(keys));
    await cache.getOrLoadMany(['b', 'c', 'd'], (missing, { keys }) => {
      seen.push(missing, keys);
      return new Map();
    });
    expect(seen).toEqual([['a'], ['c', 'd'], ['c', 'd']]);
  });

  it('a signal that aborts when the last caller has left', async () => {
    const callers = [1, 2, 3].map(() => new AbortController());
    let context!: LoadContext;
    const load = (given: LoadContext): Promise<never> => ((context = given), new Promise(() => undefined));
    const calls = callers.map(({ signal }) => cache.getOrLoad('k', load, { signal }).catch(() => 'left'));
    await clock.advance(0);
    for (const caller of callers) {
      expect(context.signal.aborted).toBe(false);
      caller.abort();
      await clock.advance(0);
    }
    expect(context.signal.aborted).toBe(true);
    await expect(Promise.all(calls)).resolves.toEqual(['left', 'left', 'left']);
  });

  it('a signal of a batch that aborts when no caller wants any of its keys', async () => {
    const [whole, part] = [new AbortController(), new AbortController()];
    let context!: LoadContext;
    const load = (given: LoadContext): Promise<never> => ((context = given), new Promise(() => undefined));
    const batch = cache.getOrLoadMany(['a', 'b'], (_, given) => load(given), { signal: whole.signal });
    const calls = [batch.catch(() => 'left')];
    await clock.advance(0);
    calls.push(cache.getOrLoad('b', load, { signal: part.signal }).catch(() => 'left'));
    const { signal } = context;
    whole.abort();
    expect(signal.aborted).toBe(false);
    part.abort();
    expect(signal.aborted).toBe(true);
    await expect(Promise.all(calls)).resolves.toEqual(['left', 'left']);
  });

  it('a signal that aborts when the cache closes', async () => {
    const closing = createCache({ clock });
    let context!: LoadContext;
    const load = closing.getOrLoad('k', (given) => ((context = given), new Promise<never>(() => undefined)));
    const failure = load.catch((error: Error) => error.name);
    await clock.advance(0);
    await closing.close();
    expect(context.signal.aborted).toBe(true);
    expect(await failure).toBe('CacheClosedError');
  });

  it('set({ ttlMs }) takes the place of the ttl of the call', async () => {
    await cache.getOrLoad('k', (context) => (context.set({ ttlMs: 50 }), 'v'), { ttlMs: 9_000 });
    await expect(cache.getEntry('k')).resolves.toMatchObject({ ttlMs: 50 });
  });

  it('set({ tags }) adds to the tags of the call, each time it is called', async () => {
    const load = (context: LoadContext): string => {
      context.set({ tags: ['b'] });
      context.set({ tags: ['c'], ttlMs: 500 });
      return 'v';
    };
    for (const tag of ['a', 'b', 'c']) {
      await cache.getOrLoad('k', load, { tags: ['a'] });
      await expect(cache.getEntry('k')).resolves.toMatchObject({ ttlMs: 500 });
      await cache.invalidateTags([tag]);
      await expect(cache.get('k')).resolves.toBeUndefined();
    }
  });

  it('set({ tiers }) may leave memory out', async () => {
    await expect(cache.getOrLoad('k', (context) => (context.set({ tiers: 'redis' }), 'v'))).resolves.toBe('v');
    await expect(cache.get('k')).resolves.toBeUndefined();
  });

  it('skipStore() returns the result and stores nothing', async () => {
    await expect(cache.getOrLoad('k', (context) => (context.skipStore(), 'v'))).resolves.toBe('v');
    await expect(cache.get('k')).resolves.toBeUndefined();
    expect(cache.stats()).toMatchObject({ fills: 0, memory: { entries: 0 } });
  });

  it('invalid options reject the call with a RangeError, and store nothing', async () => {
    for (const options of [{ ttlMs: -1 }, { graceMs: -1 }, { jitter: 2 }])
      await expect(cache.getOrLoad('k', (context) => (context.set(options), 'v'))).rejects.toThrow(RangeError);
    await expect(cache.get('k')).resolves.toBeUndefined();
  });

  it('an invalid tag rejects the call with a TypeError', async () => {
    await expect(cache.getOrLoad('k', (context) => (context.set({ tags: [''] }), 'v'))).rejects.toThrow(TypeError);
  });

  it('a tag that was invalidated during the load keeps the result out of the cache', async () => {
    const load = async (context: LoadContext): Promise<string> => {
      await cache.invalidateTags(['late']);
      context.set({ tags: ['late'] });
      return 'v';
    };
    await expect(cache.getOrLoad('k', load)).resolves.toBe('v');
    await expect(cache.get('k')).resolves.toBeUndefined();
  });
});

describe('shouldStore', () => {
  it('decides by the value whether a result is stored; its caller gets it in any case', async () => {
    const cache = createCache();
    const options = { shouldStore: (value: number) => value > 1 };
    await expect(cache.getOrLoad('one', () => 1, options)).resolves.toBe(1);
    await expect(cache.getOrLoad('two', () => 2, options)).resolves.toBe(2);
    await cache.getOrLoadMany(
      ['three', 'zero'],
      () =>
        new Map([
          ['three', 3],
          ['zero', 0],
        ]),
      options,
    );
    await expect(cache.getMany(['one', 'two', 'three', 'zero'])).resolves.toEqual(
      new Map([
        ['two', 2],
        ['three', 3],
      ]),
    );
    await cache.close();
  });
});
