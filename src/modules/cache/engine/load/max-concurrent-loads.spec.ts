import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { HeldLoad } from '../../../../../test/support/held-load.js';
import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

describe('maxConcurrentLoads', () => {
  let clock: FakeClock;
  let cache: Cache | undefined;
  beforeEach(() => {
    clock = new FakeClock();
  });
  afterEach(() => cache?.close());

  it('lets so many loaders run at once; the others follow in the order of their calls', async () => {
    cache = createCache({ clock, maxConcurrentLoads: 2 });
    const held = new HeldLoad();
    const calls = Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => cache!.getOrLoad(key, held.load)));
    const running = (): string[] => held.contexts.map(({ keys }) => keys[0]!);
    await clock.advance(0);
    expect(running()).toEqual(['a', 'b']);
    held.resolve('value');
    await clock.advance(0);
    expect(running()).toEqual(['a', 'b', 'c']);
    held.reject(new Error('down'));
    await clock.advance(0);
    expect(running()).toEqual(['a', 'b', 'c', 'd']);
    held.resolve('value');
    held.resolve('value');
    expect((await calls).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('is 256 by default', async () => {
    cache = createCache({ clock });
    const held = new HeldLoad();
    const calls = Array.from({ length: 300 }, (_, i) => cache!.getOrLoad(`k:${i}`, held.load));
    await clock.advance(0);
    expect(held.calls).toBe(256);
    for (let i = 0; i < 300; i++) {
      held.resolve('value');
      await Promise.resolve();
      if (held.calls < 300) await clock.advance(0);
    }
    await Promise.all(calls);
  });

  it('does not stop loaders that load from their own namespace', async () => {
    cache = createCache({ clock, maxConcurrentLoads: 1 });
    const nested = (i: number): Promise<string> =>
      cache!.getOrLoad(`outer:${i}`, () => cache!.getOrLoad(`inner:${i}`, () => 'in'));
    const calls = Promise.all([1, 2, 3].map(nested));
    await clock.advance(0);
    await expect(calls).resolves.toEqual(['in', 'in', 'in']);
  });

  it('runs one more load when none has ended for five seconds', async () => {
    cache = createCache({ clock, maxConcurrentLoads: 1 });
    const held = new HeldLoad();
    const calls = ['a', 'b', 'c'].map((key) => cache!.getOrLoad(key, held.load));
    await clock.advance(4_999);
    expect(held.calls).toBe(1);
    await clock.advance(1);
    expect(held.calls).toBe(2);
    for (let i = 0; i < 3; i++) {
      held.resolve('value');
      await clock.advance(0);
    }
    await Promise.all(calls);
  });

  it('a load without a caller leaves the queue', async () => {
    cache = createCache({ clock, maxConcurrentLoads: 1 });
    const held = new HeldLoad();
    const leaving = new AbortController();
    const first = cache.getOrLoad('first', held.load);
    const second = cache.getOrLoad('second', held.load, { signal: leaving.signal }).catch((error: Error) => error);
    await clock.advance(0);
    leaving.abort();
    expect(await second).toBeInstanceOf(DOMException);
    held.resolve('value');
    await first;
    await clock.advance(10_000);
    expect(held.calls).toBe(1);
  });

  it.each([0, -1, Number.NaN])('%p is refused', (maxConcurrentLoads) => {
    expect(() => createCache({ maxConcurrentLoads })).toThrow(RangeError);
  });
});
