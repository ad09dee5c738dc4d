import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { isSettled } from '../../../../../test/support/is-settled.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';
import { LoadTimeoutError } from '../contract/errors.js';

const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe('timeouts of a load', () => {
  let clock: FakeClock;
  let cache: Cache;
  let held: HeldLoad;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock });
    held = new HeldLoad();
  });
  afterEach(() => cache.close());

  /** Stores `old` under `k`, stale from now on. */
  const storeStale = async (): Promise<void> => {
    await cache.set('k', 'old', { ttlMs: 10, graceMs: 60_000 });
    await clock.advance(10);
  };

  describe('softTimeoutMs', () => {
    it('serves the stale value when the load has taken that long, and not before', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(49);
      expect(await isSettled(reading)).toBe(false);
      await clock.advance(1);
      await expect(reading).resolves.toBe('old');
    });

    it('leaves the load going, and its result is stored', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(50);
      await reading;
      expect(held.contexts[0]!.signal.aborted).toBe(false);
      held.resolve('new');
      await clock.advance(0);
      await expect(cache.get('k')).resolves.toBe('new');
    });

    it('gives the loaded value to a caller whose load ends in time', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(49);
      held.resolve('new');
      await clock.advance(1);
      await expect(reading).resolves.toBe('new');
    });

    it('lets a caller wait for the loader where there is no stale value', async () => {
      const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(5_000);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('new');
      await expect(reading).resolves.toBe('new');
    });

    it('serves no stale value that was invalidated while its caller waited', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(10);
      await cache.delete('k');
      await clock.advance(5_000);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('new');
      await expect(reading).resolves.toBe('new');
    });

    it('counts for each caller of a load on its own', async () => {
      await storeStale();
      const first = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(40);
      const second = cache.getOrLoad('k', held.load, { softTimeoutMs: 50 });
      await clock.advance(10);
      expect([await isSettled(first), await isSettled(second)]).toEqual([true, false]);
      await clock.advance(40);
      await expect(second).resolves.toBe('old');
      expect(held.calls).toBe(1);
    });

    it('is off by default: the caller waits for the loader', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load);
      await clock.advance(50_000);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('new');
      await expect(reading).resolves.toBe('new');
    });

    it('holds for the keys of a batch, each with its own stale value', async () => {
      await storeStale();
      const batch = new HeldLoad<Map<string, string>>();
      const reading = cache.getOrLoadMany(['k'], (_, context) => batch.load(context), { softTimeoutMs: 50 });
      await clock.advance(50);
      await expect(reading).resolves.toEqual(new Map([['k', 'old']]));
    });
  });

  describe('hardTimeoutMs', () => {
    it('rejects with a LoadTimeoutError of the key and the time, and not before that time', async () => {
      const reading = failureOf(cache.getOrLoad('k', held.load, { hardTimeoutMs: 100 }));
      await clock.advance(99);
      expect(await isSettled(reading)).toBe(false);
      await clock.advance(1);
      const error = await reading;
      expect(error).toBeInstanceOf(LoadTimeoutError);
      expect(error).toMatchObject({ name: 'LoadTimeoutError', key: 'k', timeoutMs: 100 });
      expect((error as Error).message).toContain('100 ms');
    });

    it('leaves the load going, and its result is stored', async () => {
      const reading = failureOf(cache.getOrLoad('k', held.load, { hardTimeoutMs: 100 }));
      await clock.advance(100);
      await reading;
      expect(held.contexts[0]!.signal.aborted).toBe(false);
      held.resolve('late');
      await clock.advance(0);
      await expect(cache.get('k')).resolves.toBe('late');
    });

    it('serves the stale value instead of the error, if there is one', async () => {
      await storeStale();
      const reading = cache.getOrLoad('k', held.load, { hardTimeoutMs: 100 });
      await clock.advance(99);
      expect(await isSettled(reading)).toBe(false);
      await clock.advance(1);
      await expect(reading).resolves.toBe('old');
    });

    it('is off by default', async () => {
      const reading = cache.getOrLoad('k', held.load);
      await clock.advance(600_000);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('late');
      await expect(reading).resolves.toBe('late');
    });

    it('of 0 gives up at once', async () => {
      const reading = failureOf(cache.getOrLoad('k', held.load, { hardTimeoutMs: 0 }));
      await clock.advance(0);
      expect(await reading).toBeInstanceOf(LoadTimeoutError);
    });

    it('rejects a batch of which one key is late', async () => {
      await cache.set('there', 'value');
      const batch = new HeldLoad<Map<string, string>>();
      const load = cache.getOrLoadMany(['there', 'k'], (_, context) => batch.load(context), { hardTimeoutMs: 100 });
      const reading = failureOf(load);
      await clock.advance(100);
      expect(await reading).toMatchObject({ name: 'LoadTimeoutError', key: 'k' });
    });
  });

  it('leave no timer behind once the load has ended', async () => {
    const reading = cache.getOrLoad('k', held.load, { softTimeoutMs: 50, hardTimeoutMs: 100 });
    await clock.advance(0);
    held.resolve('value');
    await reading;
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(['softTimeoutMs', 'hardTimeoutMs'])('are refused where %s is negative or no number', async (name) => {
    for (const value of [-1, Number.NaN])
      await expect(cache.getOrLoad('k', () => 1, { [name]: value })).rejects.toThrow(RangeError);
    await expect(cache.getOrLoad('k', () => 1, { [name]: '5' as never })).rejects.toThrow(TypeError);
  });

  it('come from the namespace where a call does not say, and the call comes first', async () => {
    const soft = cache.namespace('soft', { softTimeoutMs: 50, graceMs: 60_000 });
    await soft.set('k', 'old', { ttlMs: 10 });
    await clock.advance(10);
    const [quick, slow] = [soft.getOrLoad('k', held.load), soft.getOrLoad('k', held.load, { softTimeoutMs: 80 })];
    await clock.advance(50);
    expect([await isSettled(quick), await isSettled(slow)]).toEqual([true, false]);
    await clock.advance(30);
    await expect(slow).resolves.toBe('old');

    const hard = cache.namespace('hard', { hardTimeoutMs: 100 });
    const [first, second] = [
      failureOf(hard.getOrLoad('k', held.load)),
      failureOf(hard.getOrLoad('k', held.load, { hardTimeoutMs: 150 })),
    ];
    await clock.advance(100);
    expect([await isSettled(first), await isSettled(second)]).toEqual([true, false]);
    expect(await first).toBeInstanceOf(LoadTimeoutError);
    await clock.advance(50);
    expect(await second).toBeInstanceOf(LoadTimeoutError);
  });
});
