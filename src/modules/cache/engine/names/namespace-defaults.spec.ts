import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { withRandom } from '../../../../../test/support/fixed-random.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { isSettled } from '../../../../../test/support/is-settled.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

/** The defaults of a namespace that need no Redis; the others are in `test/integration/cache/namespace-defaults.spec.ts`. */
describe('namespace defaults', () => {
  let clock: FakeClock;
  let root: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    root = createCache({ clock, ttlMs: 1_000 });
  });
  afterEach(() => root.close());

  const ttlOf = async (cache: Cache, key = 'k'): Promise<number> => (await cache.getEntry(key))!.ttlMs;

  it('come from the namespace above where they are not set, up to the root, and a call comes first', async () => {
    const shop = root.namespace('shop', { graceMs: 10 });
    const images = shop.namespace('images', { ttlMs: 3_000 });
    const thumbs = images.namespace('thumbs');
    for (const cache of [root, shop, images, thumbs]) await cache.set('k', 1);
    await thumbs.set('call', 1, { ttlMs: 4_000 });
    await expect(Promise.all([root, shop, images, thumbs].map((cache) => ttlOf(cache)))).resolves.toEqual([
      1_000, 1_000, 3_000, 3_000,
    ]);
    expect(await ttlOf(thumbs, 'call')).toBe(4_000);
    await clock.advance(3_009);
    await expect(thumbs.get('k', { allowStale: true })).resolves.toBe(1);
    await clock.advance(1);
    await expect(thumbs.get('k', { allowStale: true })).resolves.toBeUndefined();
  });

  it('of a cache that says nothing: five minutes, no grace', async () => {
    const plain = createCache({ clock });
    await plain.set('k', 1);
    expect(await ttlOf(plain)).toBe(300_000);
    await clock.advance(300_000);
    await expect(plain.get('k', { allowStale: true })).resolves.toBeUndefined();
    await plain.close();
  });

  it('ttlMs and graceMs hold for loads', async () => {
    const shop = root.namespace('shop', { ttlMs: 2_000, graceMs: 500 });
    await shop.getOrLoad('k', () => 'old');
    expect(await ttlOf(shop)).toBe(2_000);
    await clock.advance(2_499);
    await expect(shop.getOrLoad('k', () => Promise.reject(new Error('down')))).resolves.toBe('old');
  });

  it('ttlMs may be Infinity', async () => {
    const shop = root.namespace('shop', { ttlMs: Number.POSITIVE_INFINITY });
    await shop.set('k', 1);
    await clock.advance(10 * 365 * 86_400_000);
    await expect(shop.get('k')).resolves.toBe(1);
  });

  it('tags are those of every entry, and the tags of a call take their place', async () => {
    const shop = root.namespace('shop', { tags: ['all'] });
    await shop.set('set', 1);
    await shop.getOrLoad('loaded', () => 1);
    await shop.set('own', 1, { tags: ['other'] });
    await shop.invalidateTags(['all']);
    await expect(shop.getMany(['set', 'loaded', 'own'])).resolves.toEqual(new Map([['own', 1]]));
  });

  it('jitter shortens the ttl of its entries', async () => {
    const shop = root.namespace('shop', { jitter: 0.5 });
    await withRandom(1, () => shop.set('k', 1));
    expect(await ttlOf(shop)).toBe(500);
  });

  it('tiers say where its entries are kept', async () => {
    const shop = root.namespace('shop', { tiers: 'redis' });
    await shop.set('k', 1);
    await expect(shop.get('k')).resolves.toBeUndefined();
    await shop.set('k', 1, { tiers: 'both' });
    await expect(shop.get('k')).resolves.toBe(1);
  });

  it('negativeTtlMs holds for its loads', async () => {
    const shop = root.namespace('shop', { negativeTtlMs: 100 });
    await shop.getOrLoad('k', () => undefined);
    expect(await ttlOf(shop)).toBe(100);
  });

  it('softTimeoutMs and hardTimeoutMs hold for its loads', async () => {
    const shop = root.namespace('shop', { softTimeoutMs: 50, hardTimeoutMs: 100, graceMs: 60_000 });
    const held = new HeldLoad();
    await shop.set('stale', 'old');
    await clock.advance(1_000);
    const soft = shop.getOrLoad('stale', held.load);
    const hard = shop.getOrLoad('missing', held.load).catch((error: Error) => error.name);
    await clock.advance(50);
    expect([await isSettled(soft), await isSettled(hard)]).toEqual([true, false]);
    await expect(soft).resolves.toBe('old');
    await clock.advance(50);
    expect(await hard).toBe('LoadTimeoutError');
  });

  it('earlyRefreshBeta holds for its hits', async () => {
    const shop = root.namespace('shop', { earlyRefreshBeta: Number.MAX_SAFE_INTEGER });
    const load = async (): Promise<string> => {
      clock.jump(10);
      return 'value';
    };
    await shop.getOrLoad('k', load);
    const held = new HeldLoad();
    await shop.getOrLoad('k', held.load);
    expect(held.calls).toBe(1);
  });

  it('maxConcurrentLoads holds for its loads, and for no other namespace', async () => {
    const shop = root.namespace('shop', { maxConcurrentLoads: 1 });
    const held = new HeldLoad();
    const loads = [shop, shop, root].map((cache, i) => cache.getOrLoad(`k:${i}`, held.load));
    await clock.advance(0);
    expect(held.contexts.map(({ keys }) => keys)).toEqual([['k:0'], ['k:2']]);
    for (let i = 0; i < 3; i++) {
      held.resolve('value');
      await clock.advance(0);
    }
    await Promise.all(loads);
  });

  it.each([
    { ttlMs: -1 },
    { graceMs: -1 },
    { jitter: 2 },
    { softTimeoutMs: -1 },
    { hardTimeoutMs: Number.NaN },
    { negativeTtlMs: -1 },
  ])('are refused by the calls that would use them: %p', async (defaults) => {
    await expect(root.namespace('shop', defaults).getOrLoad('k', () => 1)).rejects.toThrow(Object.keys(defaults)[0]);
    expect(() => createCache(defaults)).toThrow(RangeError);
  });
});
