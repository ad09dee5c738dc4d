import { createCache } from '../../create-cache.js';
import type { CacheOptions } from '../../create-cache.options.js';
import type { Cache } from '../contract/cache.js';

describe('option names', () => {
  let cache: Cache;
  beforeEach(() => {
    cache = createCache();
  });
  afterEach(() => cache.close());

  const wrong = { retries: 3 } as object;

  it('that do not exist are refused by the cache, by a namespace and by each call that takes options', async () => {
    expect(() => createCache(wrong)).toThrow(new TypeError(messageOf(() => createCache(wrong))));
    expect(() => createCache(wrong)).toThrow('There is no option retries.');
    expect(() => cache.namespace('shop', wrong)).toThrow('There is no option retries.');
    const calls = [
      () => cache.getOrLoad('k', () => 1, wrong),
      () => cache.getOrLoadMany(['k'], () => new Map(), wrong),
      () => cache.set('k', 1, wrong),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(TypeError);
      await expect(call()).rejects.toThrow('There is no option retries.');
    }
  });

  it('of other libraries are refused with the name here', async () => {
    for (const [theirs, here] of [
      ['ttl', 'ttlMs'],
      ['grace', 'graceMs'],
      ['gracePeriod', 'graceMs'],
    ] as const)
      await expect(cache.set('k', 1, { [theirs]: 1 })).rejects.toThrow(`Did you mean ${here}?`);
  });

  it('that were renamed are refused with the new name', () => {
    expect(() => cache.namespace('shop', { readPatienceMs: 1 } as object)).toThrow(
      'The option readPatienceMs is now called minReadTimeoutMs.',
    );
  });

  it('are listed by the error, so that the right one is found', async () => {
    await expect(cache.set('k', 1, wrong)).rejects.toThrow(/Options here are .*\bttlMs, .*graceMs/);
    expect(messageOf(() => cache.namespace('shop', wrong))).toContain('maxConcurrentLoads');
    expect(messageOf(() => createCache(wrong))).toContain('maxValueBytes');
  });

  it('with the value undefined are as if they were not there', async () => {
    await expect(cache.set('k', 1, { retries: undefined } as object)).resolves.toEqual({ status: 'applied' });
    await expect(cache.set('k', 1, { ttlMs: undefined })).resolves.toEqual({ status: 'applied' });
    expect((await cache.getEntry('k'))!.ttlMs).toBeGreaterThan(299_000);
  });

  it('that exist are taken', () => {
    const all: Required<Omit<CacheOptions, 'redis' | 'announcements' | 'clock' | 'partitions'>> = {
      namespace: 'all',
      memory: { maxBytes: 1e6, maxTtlMs: 1e6 },
      coherence: { heartbeatMs: 100, unconfirmedMs: 0, logLength: 10 },
      outbox: { maxItems: 10 },
      maxValueBytes: 1e6,
      serializers: [],
      ttlMs: 1,
      graceMs: 0,
      tags: [],
      jitter: 0,
      tiers: 'both',
      compressAboveBytes: 1,
      softTimeoutMs: 1,
      hardTimeoutMs: 1,
      failSafeThrottleMs: 1,
      negativeTtlMs: 1,
      earlyRefreshBeta: 1,
      maxConcurrentLoads: 1,
      maxLoadMs: 1,
      minReadTimeoutMs: 1,
    };
    expect(createCache(all).name).toBe('all');
  });
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}
