import { type Clock, systemClock, type TimerHandle } from '../../../src/common/clock.js';
import { type Cache, CacheClosedError, createCache } from '../../../src/modules/cache/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

/** The process's clock, which counts its timers. */
class CountingClock implements Clock {
  readonly pending = new Set<string>();
  nowMs = systemClock.nowMs;
  wallMs = systemClock.wallMs;
  #count = 0;

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const name = `${++this.#count}: ${delayMs} ms`;
    this.pending.add(name);
    const timer = systemClock.setTimer(() => {
      this.pending.delete(name);
      callback();
    }, delayMs);
    return {
      cancel: () => {
        this.pending.delete(name);
        timer.cancel();
      },
    };
  }
}

/** The reason of its rejection. The promise is observed from the start. */
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe.each(['memory only', 'with Redis'])('a cache that is closed, %s', (kind) => {
  let redis: RedisServer;
  let clock: CountingClock;
  let cache: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    clock = new CountingClock();
    cache = createCache({ clock, ...(kind === 'with Redis' ? { redis: redis.url } : {}) });
    if (kind === 'with Redis')
      await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
  });

  it('rejects every call, and those of its namespaces, with an error that says so', async () => {
    const child = cache.namespace('child');
    await cache.set('k', 'v');
    await child.set('k', 'v');
    const closing = cache.close();
    for (const one of [cache, child]) {
      const calls = [
        one.get('k'),
        one.getEntry('k'),
        one.getMany(['k']),
        one.getManyEntries(['k']),
        one.getOrLoad('k', () => 'v'),
        one.getOrLoadMany(['k'], () => new Map()),
        one.set('k', 'v'),
        one.delete('k'),
        one.invalidateTags(['t']),
        one.expireTags(['t']),
        one.clear(),
      ];
      for (const result of await Promise.allSettled(calls))
        expect(result).toMatchObject({ status: 'rejected', reason: expect.any(CacheClosedError) });
    }
    await expect(cache.get('k')).rejects.toThrow('The cache "larder" is closed.');
    await closing;
    await expect(cache.close()).resolves.toBeUndefined();
  });

  it('keeps no timer, no entry and no caller that waits for a loader that ignores its signal', async () => {
    let finish!: (value: string) => void;
    const slow = cache.namespace('slow', { maxConcurrentLoads: 1 });
    const loads = [
      slow.getOrLoad('running', () => new Promise<string>((resolve) => (finish = resolve)), { softTimeoutMs: 60_000 }),
      slow.getOrLoad('in the queue', () => 'v', { hardTimeoutMs: 60_000 }),
      slow.getOrLoad('strict', () => 'v', { consistency: 'strict' }),
    ];
    await eventually(() => expect(finish).toBeDefined());
    const ended = Promise.allSettled(loads);
    await cache.close();
    for (const result of await ended) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(CacheClosedError) });
    }
    finish('too late');
    await eventually(() => expect([...clock.pending]).toEqual([]));
    expect(cache.stats()).toMatchObject({ memory: { entries: 0 }, loadsInFlight: 0 });
  });
});

describe('a load that is given up', () => {
  let redis: RedisServer;
  let caches: readonly Cache[];
  const never = (): Promise<never> => new Promise(() => undefined);

  beforeAll(async () => {
    redis = await RedisServer.start();
    // A lease that is not given back is renewed for longer than a test may take.
    const options = { maxLoadMs: 600_000, minReadTimeoutMs: 10_000 };
    caches = await coherentCaches(redis, options, options);
  });
  afterAll(async () => {
    await Promise.all(caches.map((one) => one.close()));
    await redis.stop();
  });

  it('gives its lease back: others need not wait for a loader that does not listen', async () => {
    const [a, b] = caches as [Cache, Cache];
    const leaving = new AbortController();
    let isLoading = false;
    const first = a.getOrLoad('k', () => ((isLoading = true), never()), { signal: leaving.signal });
    const given = failureOf(first);
    await eventually(() => expect(isLoading).toBe(true));
    const second = b.getOrLoad('k', () => 'loaded by b');
    leaving.abort();
    expect(await given).toBeInstanceOf(DOMException);
    await expect(second).resolves.toBe('loaded by b');
    await expect(a.get('k')).resolves.toBe('loaded by b');
  });

  it('is not waited for where another instance has the lease', async () => {
    const [a, b] = caches as [Cache, Cache];
    const ending = new AbortController();
    let isLoading = false;
    const running = a.getOrLoad('held', () => ((isLoading = true), never()), { signal: ending.signal });
    const ended = failureOf(running);
    await eventually(() => expect(isLoading).toBe(true));
    const leaving = new AbortController();
    const waiting = b.getOrLoad('held', () => 'v', { signal: leaving.signal });
    const given = failureOf(waiting);
    await eventually(() => expect(b.stats().loadsInFlight).toBe(1));
    leaving.abort();
    expect(await given).toBeInstanceOf(DOMException);
    expect(b.stats().loadsInFlight).toBe(0);
    ending.abort();
    expect(await ended).toBeInstanceOf(DOMException);
  });
});
