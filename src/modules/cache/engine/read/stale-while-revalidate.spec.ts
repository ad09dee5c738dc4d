import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { isSettled } from '../../../../../test/support/is-settled.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('stale-while-revalidate (softTimeoutMs: 0)', () => {
  const options = { softTimeoutMs: 0 };
  let clock: FakeClock;
  let cache: Cache;
  let held: HeldLoad;

  beforeEach(async () => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000, graceMs: 9_000 });
    held = new HeldLoad();
    await cache.set('k', 'old');
  });
  afterEach(() => cache.close());

  it('serves a stale value at once, though its load has not ended', async () => {
    await clock.advance(1_000);
    await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(1);
  });

  it('reloads once in the background, however many callers read meanwhile', async () => {
    await clock.advance(1_000);
    for (let i = 0; i < 5; i++) await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(1);
    held.resolve('new');
    await clock.advance(0);
    await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('new');
    expect(held.calls).toBe(1);
  });

  it('loads nothing while the value is fresh', async () => {
    await clock.advance(999);
    await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(0);
  });

  it('waits for the load where there is no value, and where its grace is over', async () => {
    for (const [key, passedMs] of [
      ['missing', 0],
      ['k', 10_000],
    ] as const) {
      await clock.advance(passedMs);
      const reading = cache.getOrLoad(key, held.load, options);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('loaded');
      await expect(reading).resolves.toBe('loaded');
    }
  });

  it('keeps serving the stale value after a load that failed, and loads again when failSafeThrottleMs is over', async () => {
    await clock.advance(1_000);
    await cache.getOrLoad('k', held.load, options);
    held.reject(new Error('source down'));
    await clock.advance(999);
    await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(1);
    await clock.advance(1);
    await expect(cache.getOrLoad('k', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(2);
  });

  it('also serves entries that were expired by tag', async () => {
    await cache.set('tagged', 'old', { tags: ['t'] });
    await cache.expireTags(['t']);
    await expect(cache.getOrLoad('tagged', held.load, options)).resolves.toBe('old');
    expect(held.calls).toBe(1);
  });

  it('serves nothing that was invalidated', async () => {
    await cache.set('tagged', 'old', { tags: ['t'] });
    await clock.advance(1_000);
    await cache.invalidateTags(['t']);
    await cache.delete('k');
    for (const key of ['tagged', 'k']) {
      const reading = cache.getOrLoad(key, held.load, options);
      expect(await isSettled(reading)).toBe(false);
      held.resolve('new');
      await expect(reading).resolves.toBe('new');
    }
  });
});
