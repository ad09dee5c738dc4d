import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { withRandom } from '../../../../../test/support/fixed-random.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

/** So large that every hit is due. */
const ALWAYS = Number.MAX_SAFE_INTEGER;
const LOAD_MS = 100;
const TTL_MS = 60_000;

describe('early refresh', () => {
  let clock: FakeClock;
  let cache: Cache;
  let loads: number;
  let isFailing: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, ttlMs: TTL_MS });
    loads = 0;
    isFailing = false;
  });
  afterEach(() => cache.close());

  const load = async (): Promise<number> => {
    const count = ++loads;
    await new Promise<void>((resolve) => void clock.setTimer(resolve, LOAD_MS));
    if (isFailing) throw new Error('source down');
    return count;
  };
  /** Loads `k`, which takes LOAD_MS. */
  const fill = async (of = cache): Promise<void> => {
    const first = of.getOrLoad('k', load);
    await clock.advance(LOAD_MS);
    await expect(first).resolves.toBe(1);
  };

  it('serves the value that is there, and reloads it in the background', async () => {
    await fill();
    await expect(cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS })).resolves.toBe(1);
    expect(loads).toBe(2);
    await clock.advance(LOAD_MS);
    await expect(cache.get('k')).resolves.toBe(2);
    expect(await cache.getEntry('k')).toMatchObject({ ttlMs: TTL_MS });
  });

  it('is one load, however many callers hit meanwhile', async () => {
    await fill();
    for (let i = 0; i < 5; i++) await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(loads).toBe(2);
  });

  it('counts as a hit and not as a miss', async () => {
    await fill();
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(cache.stats()).toMatchObject({ hits: { memory: 1 }, misses: 1 });
  });

  it('is off by default and with a β of 0, however near the end is', async () => {
    await fill();
    await clock.advance(TTL_MS - 1);
    await withRandom(1e-300, async () => {
      await cache.getOrLoad('k', load);
      await cache.getOrLoad('k', load, { earlyRefreshBeta: 0 });
    });
    expect(loads).toBe(1);
  });

  it.each([
    [1, -1, LOAD_MS],
    [3, -1, 3 * LOAD_MS],
    [1, -4, 4 * LOAD_MS],
  ])(
    'with a β of %p and a random number of e^%p begins β load times times its logarithm before the end',
    async (beta, logarithm, sooner) => {
      await fill();
      await withRandom(Math.exp(logarithm), async () => {
        await clock.advance(TTL_MS - sooner - 1);
        await cache.getOrLoad('k', load, { earlyRefreshBeta: beta });
        expect(loads).toBe(1);
        await clock.advance(2);
        await cache.getOrLoad('k', load, { earlyRefreshBeta: beta });
        expect(loads).toBe(2);
      });
    },
  );

  it('begins the sooner the longer the load took', async () => {
    const slow = cache.getOrLoad('slow', async () => {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 10_000));
      return 'slow';
    });
    await clock.advance(10_000);
    await slow;
    await fill();
    await clock.advance(TTL_MS - 5_000);
    await withRandom(Math.exp(-1), async () => {
      const started: string[] = [];
      for (const key of ['slow', 'k'])
        await cache.getOrLoad(key, () => (started.push(key), key), { earlyRefreshBeta: 1 });
      expect(started).toEqual(['slow']);
    });
  });

  it('comes from the namespace where a call does not say', async () => {
    const shop = cache.namespace('shop', { earlyRefreshBeta: ALWAYS });
    await fill(shop);
    await shop.getOrLoad('k', load, { earlyRefreshBeta: 0 });
    expect(loads).toBe(1);
    await shop.getOrLoad('k', load);
    expect(loads).toBe(2);
  });

  it('that fails leaves the value, and is not tried again at every hit', async () => {
    await fill();
    isFailing = true;
    for (let hit = 0; hit < 9; hit++) {
      await expect(cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS })).resolves.toBe(1);
      await clock.advance(LOAD_MS);
    }
    expect(loads).toBe(2);
    await clock.advance(1_000);
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(loads).toBe(3);
  });

  it('that failed may be tried again after a second, and not before', async () => {
    await fill();
    isFailing = true;
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    await clock.advance(LOAD_MS);
    await clock.advance(999);
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(loads).toBe(2);
    await clock.advance(1);
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(loads).toBe(3);
  });

  it('that fails holds up no other key', async () => {
    await fill();
    const other = cache.getOrLoad('other', load);
    await clock.advance(LOAD_MS);
    await other;
    isFailing = true;
    for (const key of ['k', 'other']) {
      await cache.getOrLoad(key, load, { earlyRefreshBeta: ALWAYS });
      await clock.advance(LOAD_MS);
    }
    expect(loads).toBe(4);
  });

  it('is not due for a value that was set, which took no time to load', async () => {
    await cache.set('k', 'value');
    await cache.getOrLoad('k', load, { earlyRefreshBeta: ALWAYS });
    expect(loads).toBe(0);
  });
});
