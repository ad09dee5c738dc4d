import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';
import { LoadCycleError } from '../contract/errors.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';

/** Error of a call, heard of from the start. */
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a load that needs itself', () => {
  let cache: Cache;

  beforeEach(() => {
    cache = createCache();
  });
  afterEach(() => cache.close());

  it('by its own key fails, and the error names the key', async () => {
    const load = (): Promise<unknown> => cache.getOrLoad('a', load);
    const error = await failureOf(cache.getOrLoad('a', load));
    expect(error).toBeInstanceOf(LoadCycleError);
    expect(error).toMatchObject({
      keys: ['larder:a', 'larder:a'],
      message: 'The load of larder:a needs itself: larder:a → larder:a.',
    });
    await expect(cache.getOrLoad('a', () => 'later')).resolves.toBe('later');
  });

  it('by way of other keys and namespaces fails, and the error names all of them', async () => {
    const inner = cache.namespace('inner');
    const a = (): Promise<unknown> => cache.getOrLoad('a', async () => (await Promise.resolve(), b()));
    const b = (): Promise<unknown> => inner.getOrLoad('a', c);
    const c = (): Promise<unknown> => cache.getOrLoad('c', async () => (await Promise.resolve(), a()));
    expect(await failureOf(a())).toMatchObject({ keys: ['larder:a', 'larder/inner:a', 'larder:c', 'larder:a'] });
  });

  it('by a batch within its loader fails, and no key of the batch is left loading', async () => {
    const load = (): Promise<unknown> => cache.getOrLoadMany(['x', 'a'], () => new Map([['x', 1]]));
    expect(await failureOf(cache.getOrLoad('a', load))).toMatchObject({ keys: ['larder:a', 'larder:a'] });
    expect(cache.stats().loadsInFlight).toBe(0);
    await expect(cache.getOrLoad('x', () => 2)).resolves.toBe(2);
  });

  it('by a key of its own batch fails', async () => {
    const load = (missing: readonly string[]): Promise<Map<string, unknown>> =>
      cache.getOrLoad('b', () => 1).then((b) => new Map(missing.map((key) => [key, b])));
    expect(await failureOf(cache.getOrLoadMany(['a', 'b'], load))).toMatchObject({ keys: ['larder:b', 'larder:b'] });
  });

  it.each(['strict', 'refresh'] as const)('with consistency %s fails too', async (consistency) => {
    const load = (): Promise<unknown> => cache.getOrLoad('a', load, { consistency });
    expect(await failureOf(cache.getOrLoad('a', load, { consistency }))).toBeInstanceOf(LoadCycleError);
  });

  it('is told from a load that reads its key past the cache, and from equal keys elsewhere', async () => {
    const other = createCache();
    const nested = cache.getOrLoad('a', async () => [
      await cache.getOrLoad('a', () => 'past the cache', { consistency: 'bypass' }),
      await cache.namespace('n').getOrLoad('a', () => 'of a namespace'),
      await other.getOrLoad('a', () => 'of a cache'),
    ]);
    await expect(nested).resolves.toEqual(['past the cache', 'of a namespace', 'of a cache']);
    await other.close();
  });

  it('is told from a load that was started by a loader and goes on after it', async () => {
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let background!: Promise<unknown>;
    await cache.getOrLoad('a', () => {
      background = ended.then(() => cache.getOrLoad('a', () => 'not called'));
      return 'a';
    });
    await cache.delete('a');
    const again = cache.getOrLoad('a', () => 'anew');
    end();
    await expect(Promise.all([background, again])).resolves.toEqual(['anew', 'anew']);
  });
});

describe('loads that wait for each other', () => {
  /** Two loaders that each ask for the other's key once both run. */
  async function cross(cache: Cache): Promise<unknown[]> {
    let running = 0;
    let start!: () => void;
    const bothRun = new Promise<void>((resolve) => (start = resolve));
    const load = async (own: string, other: string): Promise<string> => {
      if (++running === 2) start();
      await bothRun;
      return `${own} with ${await cache.getOrLoad<string>(other, () => `plain ${other}`)}`;
    };
    return Promise.all([cache.getOrLoad('x', () => load('x', 'y')), cache.getOrLoad('y', () => load('y', 'x'))]);
  }

  it('end: the later one loads for itself, and its value is not stored', async () => {
    const cache = createCache();
    await expect(cross(cache)).resolves.toEqual(['x with y with plain x', 'y with plain x']);
    await expect(cache.get('x')).resolves.toBe('x with y with plain x');
    await cache.close();
  });

  it('end also in a circle of three, and within batches', async () => {
    const cache = createCache();
    let running = 0;
    let start!: () => void;
    const allRun = new Promise<void>((resolve) => (start = resolve));
    const load = (next: string) => async (missing: readonly string[]) => {
      if (++running === 3) start();
      await allRun;
      const values = await cache.getOrLoadMany([next, 'common'], (keys) => new Map(keys.map((key) => [key, 'plain'])));
      return new Map(missing.map((key) => [key, `${key} with ${values.get(next)}`]));
    };
    const calls = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ].map(([own, next]) => cache.getOrLoadMany([own!], load(next!)));
    const values = (await Promise.all(calls)).flatMap((found) => [...found.values()]);
    expect(values).toEqual(['a with b with c with plain', 'b with c with plain', 'c with plain']);
    await cache.close();
  });

  it('end at a deadline where the loader has lost its context', async () => {
    const clock = new FakeClock();
    const cache = createCache({ clock, maxLoadMs: 5_000 });
    let ask!: () => void;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    // Called from outside the load, as a queue of jobs does it.
    const nested = asked.then(() => cache.getOrLoad('a', () => 'plain'));
    const call = cache.getOrLoad('a', () => (ask(), nested));
    await clock.advance(0);
    const later = cache.getOrLoad('a', () => 'plain');
    await clock.advance(4_999);
    expect(cache.stats().loadsInFlight).toBe(1);
    await clock.advance(1);
    await expect(Promise.all([call, later])).resolves.toEqual(['plain', 'plain']);
    await cache.close();
  });
});
