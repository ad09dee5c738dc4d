import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';
import type { CacheEvents } from '../contract/events.js';

describe('memory after a clear', () => {
  let clock: FakeClock;
  let cache: Cache;
  let flushed: CacheEvents['memoryFlushed'][];

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock });
    flushed = [];
    cache.on('memoryFlushed', (event) => flushed.push(event));
  });
  afterEach(() => cache.close());

  async function fill(namespace: Cache, count: number): Promise<void> {
    await namespace.setMany(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
  }

  it('is freed of the cleared entries, and of no other', async () => {
    const [cleared, kept] = [cache.namespace('cleared'), cache.namespace('kept')];
    await Promise.all([fill(cleared, 5_000), fill(kept, 10)]);
    const { usedBytes } = cache.stats().memory;

    await cleared.clear();
    await clock.advance(10);

    expect(cache.stats().memory.entries).toBe(10);
    expect(flushed).toEqual([
      { cache: 'larder', reason: 'clear', count: 5_000, freedBytes: usedBytes - cache.stats().memory.usedBytes },
    ]);
    await expect(kept.get('k3')).resolves.toBe(3);
  });

  it('is freed of entries that were cleared while a sweep went on', async () => {
    const [first, second] = [cache.namespace('first'), cache.namespace('second')];
    await Promise.all([fill(first, 5_000), fill(second, 5_000)]);

    await first.clear();
    await clock.advance(0);
    await second.clear();
    await clock.advance(10);

    expect(cache.stats().memory.entries).toBe(0);
    expect(flushed.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });

  it('an empty one tells nothing', async () => {
    await cache.clear();
    await clock.advance(10);
    expect(flushed).toEqual([]);
  });

  it('is swept once for each clear, and no more', async () => {
    await fill(cache, 10);
    await cache.clear();
    await clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
    expect(flushed).toHaveLength(1);
  });

  it('is not swept after the cache was closed', async () => {
    await fill(cache, 10);
    await cache.clear();
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10);
    expect(flushed).toEqual([]);
  });
});
