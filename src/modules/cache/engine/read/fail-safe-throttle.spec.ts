import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('failSafeThrottleMs: a source that fails while there is a stale value', () => {
  let clock: FakeClock;
  let cache: Cache;
  let loads: number;
  let isFailing: boolean;
  let reasons: string[];

  const load = async (): Promise<string> => {
    loads++;
    if (isFailing) throw new Error('source down');
    return 'new';
  };
  const read = (): Promise<string> => cache.getOrLoad('k', load);
  const open = async (options: object = {}): Promise<void> => {
    cache = createCache({ clock, ttlMs: 1_000, graceMs: 3_600_000, ...options });
    cache.on('staleServed', ({ reason }) => reasons.push(reason));
    await cache.set('k', 'old');
    await clock.advance(1_000);
  };

  beforeEach(() => {
    clock = new FakeClock();
    [loads, isFailing, reasons] = [0, true, []];
  });
  afterEach(() => cache.close());

  it('is asked once a second by default, however many reads there are', async () => {
    await open();
    for (let i = 0; i < 10; i++) await expect(read()).resolves.toBe('old');
    expect(loads).toBe(1);
    expect(reasons).toEqual(['loader-failed', ...Array.from({ length: 9 }, () => 'throttled')]);
    expect(cache.stats().hits.stale).toBe(10);
    await clock.advance(1_000);
    await read();
    expect(loads).toBe(2);
  });

  it('is asked less and less often, down to twice a minute', async () => {
    await open();
    await read();
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = loads;
      await clock.advance(waitMs - 1);
      await read();
      expect(loads).toBe(before);
      await clock.advance(1);
      await read();
      expect(loads).toBe(before + 1);
    }
  });

  it('is believed again after one load that succeeds', async () => {
    await open();
    await read();
    await clock.advance(1_000);
    isFailing = false;
    await expect(read()).resolves.toBe('new');
    isFailing = true;
    await clock.advance(1_000);
    await expect(read()).resolves.toBe('new');
    await clock.advance(1_000);
    const before = loads;
    await read();
    expect(loads).toBe(before + 1);
  });

  it('counts for each key, also in batches', async () => {
    await open();
    await cache.set('fresh source', 'old', { ttlMs: 0 });
    await read();
    const asked: string[][] = [];
    const batch = (keys: readonly string[]): Map<string, string> => {
      asked.push([...keys]);
      return new Map(keys.map((key) => [key, 'new']));
    };
    await expect(cache.getOrLoadMany(['k', 'fresh source'], batch)).resolves.toEqual(
      new Map([
        ['k', 'old'],
        ['fresh source', 'new'],
      ]),
    );
    expect(asked).toEqual([['fresh source']]);
  });

  it('is asked by a read after an invalidation, for which there is no stale value', async () => {
    await open();
    await read();
    await cache.delete('k');
    await expect(read()).rejects.toThrow('source down');
    expect(loads).toBe(2);
  });

  it('is asked by strict and refreshing reads', async () => {
    await open();
    await read();
    for (const consistency of ['strict', 'refresh'] as const)
      await expect(cache.getOrLoad('k', load, { consistency })).rejects.toThrow('source down');
    expect(loads).toBe(3);
  });

  it('is asked at every read where it is 0, and after its own time where it is set', async () => {
    await open({ failSafeThrottleMs: 0 });
    for (let i = 0; i < 3; i++) await read();
    expect(loads).toBe(3);
    await cache.close();
    await open({ failSafeThrottleMs: 60_000 });
    for (let i = 0; i < 3; i++) await read();
    expect(loads).toBe(4);
    await clock.advance(59_999);
    await read();
    expect(loads).toBe(4);
    await clock.advance(1);
    await read();
    expect(loads).toBe(5);
  });
});
