import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache, EntryView } from '../contract/cache.js';

const failing = (): Promise<never> => Promise.reject(new Error('source down'));

describe('grace', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: 1_000 });
  });
  afterEach(() => cache.close());

  it('serves the stale value when the loader fails, until graceMs after ttlMs', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(1_499);
    await expect(cache.getOrLoad('k', failing)).resolves.toBe('old');
    await clock.advance(1);
    await expect(cache.getOrLoad('k', failing)).rejects.toThrow('source down');
  });

  it('is 0 by default: the error of the loader reaches the caller', async () => {
    await cache.set('k', 'old');
    await clock.advance(1_000);
    await expect(cache.getOrLoad('k', failing)).rejects.toThrow('source down');
  });

  it('never serves a stale value to a read that does not load, unless it allows stale', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(1_000);
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(cache.getMany(['k'])).resolves.toEqual(new Map());
    await expect(cache.get('k', { allowStale: true })).resolves.toBe('old');
    await expect(cache.getMany(['k'], { allowStale: true })).resolves.toEqual(new Map([['k', 'old']]));
    await clock.advance(500);
    await expect(cache.get('k', { allowStale: true })).resolves.toBeUndefined();
  });

  it('shows in the view of an entry: how old it is, how long it has been stale', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(400);
    const fresh: Partial<EntryView<string>> = { value: 'old', tier: 'memory', ageMs: 400, ttlMs: 600, isStale: false };
    await expect(cache.getEntry('k')).resolves.toMatchObject(fresh);
    await clock.advance(600);
    const stale: Partial<EntryView<string>> = { value: 'old', tier: 'memory', ageMs: 1_000, ttlMs: 0, isStale: true };
    await expect(cache.getEntry('k', { allowStale: true })).resolves.toMatchObject(stale);
  });

  it('gives the loader the stale value, so that it can revalidate cheaply', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(1_100);
    const seen: unknown[] = [];
    await cache.getOrLoad('k', ({ stale }) => (seen.push(stale), 'new'));
    await cache.getOrLoad('missing', ({ stale }) => (seen.push(stale), 'new'));
    expect(seen).toEqual([expect.objectContaining({ value: 'old', ageMs: 1_100, isStale: true }), undefined]);
  });

  it('of an entry that was loaded is what the call says, and the loader comes first', async () => {
    await cache.getOrLoad('call', () => 'old', { graceMs: 500 });
    await cache.getOrLoad('loader', (context) => (context.set({ graceMs: 200 }), 'old'), { graceMs: 500 });
    await clock.advance(1_199);
    await expect(cache.getOrLoad('loader', failing)).resolves.toBe('old');
    await clock.advance(1);
    await expect(cache.getOrLoad('loader', failing)).rejects.toThrow('source down');
    await expect(cache.getOrLoad('call', failing)).resolves.toBe('old');
  });

  it('keeps what expireTags made stale, and serves it when the loader fails', async () => {
    await cache.set('k', 'old', { graceMs: 500, tags: ['t'] });
    await cache.expireTags(['t']);
    await expect(cache.get('k')).resolves.toBeUndefined();
    await expect(cache.getOrLoad('k', failing)).resolves.toBe('old');
  });

  it('is over for an entry that was invalidated, also while its load is under way', async () => {
    await cache.set('k', 'old', { graceMs: 500, tags: ['t'] });
    await clock.advance(1_000);
    const load = async (): Promise<never> => {
      await cache.invalidateTags(['t']);
      throw new Error('source down');
    };
    await expect(cache.getOrLoad('k', load)).rejects.toThrow('source down');
  });

  it('serves the keys of a batch too', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(1_000);
    await expect(cache.getOrLoadMany(['k'], failing)).resolves.toEqual(new Map([['k', 'old']]));
  });

  it('is not served to strict, refreshing and bypassing reads', async () => {
    await cache.set('k', 'old', { graceMs: 500 });
    await clock.advance(1_000);
    for (const consistency of ['strict', 'refresh', 'bypass'] as const) {
      await expect(cache.get('k', { consistency, allowStale: true })).resolves.toBeUndefined();
      await expect(cache.getOrLoad('k', failing, { consistency })).rejects.toThrow('source down');
    }
  });

  it('is refused if it is negative', async () => {
    await expect(cache.set('k', 1, { graceMs: -1 })).rejects.toThrow(RangeError);
    const load = cache.getOrLoad('k', (context) => (context.set({ graceMs: -1 }), 1));
    await expect(load).rejects.toThrow(RangeError);
  });
});
