import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { recordedEvents } from '../../../../../test/support/recorded-events.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from './cache.js';

/** The events of a cache without Redis; those that Redis brings are in `test/integration/cache/events.spec.ts`. */
describe('events', () => {
  let clock: FakeClock;
  let cache: Cache;

  beforeEach(() => {
    clock = new FakeClock();
    cache = createCache({ clock, namespace: 'shop', ttlMs: 1_000, graceMs: 9_000 });
  });
  afterEach(() => cache.close());

  const record = <E extends Parameters<Cache['on']>[0]>(event: E) => recordedEvents(cache, event);

  it('hit and miss: by key and tier, for every way to read', async () => {
    const [hits, misses] = [record('hit'), record('miss')];
    await cache.set('k', 1);
    await cache.get('k');
    await cache.getEntry('k');
    await cache.getMany(['k', 'm']);
    await cache.getOrLoad('k', () => 1);
    await cache.getOrLoadMany(['k'], () => new Map());
    expect(hits).toEqual(Array.from({ length: 5 }, () => ({ cache: 'shop', key: 'k', tier: 'memory' })));
    expect(misses).toEqual([{ cache: 'shop', key: 'm' }]);
    await cache.get('m');
    await cache.getOrLoad('m', () => 1);
    expect(misses).toHaveLength(3);
  });

  it('miss: not for a look that says it does not count', async () => {
    const misses = record('miss');
    await cache.get('m', { countsMisses: false });
    await cache.getMany(['m'], { countsMisses: false });
    expect(misses).toEqual([]);
  });

  it('load: how long the loader took, and how it ended', async () => {
    const loads = record('load');
    const held = new HeldLoad();
    const leaving = new AbortController();
    const ok = cache.getOrLoad('ok', held.load);
    await clock.advance(30);
    held.resolve('value');
    await ok;
    const failed = cache.getOrLoad('failed', held.load).catch(() => undefined);
    await clock.advance(20);
    held.reject(new Error('down'));
    await failed;
    const aborted = cache.getOrLoad('aborted', held.load, { signal: leaving.signal }).catch(() => undefined);
    await clock.advance(10);
    leaving.abort();
    await aborted;
    await clock.advance(0);
    expect(loads).toEqual([
      { cache: 'shop', key: 'ok', durationMs: 30, outcome: 'ok' },
      { cache: 'shop', key: 'failed', durationMs: 20, outcome: 'failed' },
      { cache: 'shop', key: 'aborted', durationMs: 10, outcome: 'aborted' },
    ]);
  });

  it('load: one for a batch, since its loader is called once', async () => {
    const loads = record('load');
    await cache.getOrLoadMany(['a', 'b'], () => new Map());
    expect(loads).toEqual([{ cache: 'shop', key: 'a', durationMs: 0, outcome: 'ok' }]);
  });

  it('fill: for each value that was stored', async () => {
    const fills = record('fill');
    await cache.getOrLoad('k', () => 'value');
    await cache.getOrLoad('skipped', (context) => (context.skipStore(), 'value'));
    expect(fills).toEqual([{ cache: 'shop', key: 'k', tier: 'memory', sizeBytes: 0 }]);
  });

  it('fillRejected: for a result whose tag was invalidated during the load', async () => {
    const rejected = record('fillRejected');
    await cache.getOrLoad('k', async (context) => {
      await cache.invalidateTags(['t']);
      context.set({ tags: ['t'] });
    });
    expect(rejected).toEqual([{ cache: 'shop', key: 'k', reason: 'tag-changed' }]);
  });

  describe('staleServed', () => {
    beforeEach(async () => {
      await cache.set('k', 'old');
      await clock.advance(1_000);
    });

    it('loader-failed: the loader rejected', async () => {
      const served = record('staleServed');
      await cache.getOrLoad('k', () => Promise.reject(new Error('down')));
      expect(served).toEqual([{ cache: 'shop', key: 'k', reason: 'loader-failed' }]);
    });

    it('loader-slow: the soft timeout has passed', async () => {
      const served = record('staleServed');
      const reading = cache.getOrLoad('k', () => new Promise(() => undefined), { softTimeoutMs: 10 });
      await clock.advance(10);
      await reading;
      expect(served).toEqual([{ cache: 'shop', key: 'k', reason: 'loader-slow' }]);
    });

    it('revalidating: the soft timeout is 0', async () => {
      const served = record('staleServed');
      await cache.getOrLoad('k', () => new Promise(() => undefined), { softTimeoutMs: 0 });
      expect(served).toEqual([{ cache: 'shop', key: 'k', reason: 'revalidating' }]);
    });

    it('not for a value that was loaded in time', async () => {
      const served = record('staleServed');
      await cache.getOrLoad('k', () => 'new', { softTimeoutMs: 10 });
      expect(served).toEqual([]);
    });
  });

  it('coalesced: for each caller that joins a load', async () => {
    const coalesced = record('coalesced');
    const held = new HeldLoad();
    const calls = Array.from({ length: 3 }, () => cache.getOrLoad('k', held.load));
    await clock.advance(0);
    held.resolve('value');
    await Promise.all(calls);
    expect(coalesced).toEqual(Array.from({ length: 2 }, () => ({ cache: 'shop', key: 'k', origin: 'local' })));
  });

  it('write: each kind of write, with the number of keys or tags', async () => {
    const writes = record('write');
    await cache.set('k', 1);
    await cache.delete('k');
    await cache.delete(['k', 'l', 'k']);
    await cache.expire('k');
    await cache.setMany([
      ['k', 1],
      ['l', 2],
    ]);
    await cache.invalidateTags(['a', 'b']);
    await cache.expireTags(['a']);
    await cache.clear();
    const status = 'applied';
    expect(writes).toEqual([
      { cache: 'shop', operation: 'set', status, count: 1 },
      { cache: 'shop', operation: 'delete', status, count: 1 },
      { cache: 'shop', operation: 'delete', status, count: 2 },
      { cache: 'shop', operation: 'expire', status, count: 1 },
      { cache: 'shop', operation: 'set', status, count: 2 },
      { cache: 'shop', operation: 'invalidateTags', status, count: 2 },
      { cache: 'shop', operation: 'expireTags', status, count: 1 },
      { cache: 'shop', operation: 'clear', status, count: 1 },
    ]);
  });

  it('memoryFlushed: when entries of a cleared cache have left memory', async () => {
    const flushed = record('memoryFlushed');
    await cache.set('k', 1);
    const { usedBytes } = cache.stats().memory;
    await cache.clear();
    await clock.advance(0);
    expect(flushed).toEqual([{ cache: 'shop', reason: 'clear', count: 1, freedBytes: usedBytes }]);
  });

  it('eviction: for entries that leave memory to make room', async () => {
    const small = createCache({ clock, namespace: 'small', memory: { maxBytes: 20_000 } });
    const evictions = recordedEvents(small, 'eviction');
    for (let i = 0; i < 10; i++) await small.set(`k:${i}`, 'x'.repeat(3_000));
    expect(evictions.length).toBeGreaterThan(0);
    expect(evictions[0]).toEqual({ cache: 'small', count: 1, freedBytes: expect.any(Number) });
    expect(evictions[0]!.freedBytes).toBeGreaterThan(3_000);
    expect(small.stats().memory.entries + evictions.length).toBe(10);
    await small.close();
  });

  it('reach the listeners of their namespace and of those above it, and no others', async () => {
    const images = cache.namespace('images');
    const [above, own, beside] = [
      record('hit'),
      recordedEvents(images, 'hit'),
      recordedEvents(cache.namespace('image'), 'hit'),
    ];
    await images.set('k', 1);
    await images.get('k');
    expect([above, own, beside]).toEqual([[{ cache: 'shop/images', key: 'k', tier: 'memory' }], above, []]);
    await cache.set('k', 1);
    await cache.get('k');
    expect([above.length, own.length]).toEqual([2, 1]);
  });

  it('stop for a listener that unsubscribed, and go on for the others', async () => {
    const others = record('hit');
    let calls = 0;
    const stop = cache.on('hit', () => calls++);
    await cache.set('k', 1);
    await cache.get('k');
    stop();
    stop();
    await cache.get('k');
    expect([calls, others.length]).toEqual([1, 2]);
  });

  it('are not disturbed by a listener that throws', async () => {
    cache.on('hit', () => {
      throw new Error('listener');
    });
    const others = record('hit');
    await cache.set('k', 1);
    await expect(cache.get('k')).resolves.toBe(1);
    expect(others).toHaveLength(1);
  });
});
