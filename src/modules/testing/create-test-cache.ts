import { type Cache, type CacheOptions, createCache } from '../cache/library.js';
import { CacheRecorder } from './cache-recorder.js';
import { TestClock } from './test-clock.js';

/** A cache for a test, with its clock and the record of its events. */
export interface TestCache {
  readonly cache: Cache;
  readonly clock: TestClock;
  readonly recorder: CacheRecorder;
  /** Moves time; timers that fall due meanwhile fire in order. */
  advance(ms: number): Promise<void>;
}

/** Options of {@link createTestCache}. */
export interface TestCacheOptions extends Omit<CacheOptions, 'clock'> {
  /** Default: a new one that stands still. */
  clock?: TestClock;
}

/**
 * A real cache whose time a test moves: ttl, grace, timeouts and refreshes behave as in production. It has the memory tier
 * alone unless `redis` is given.
 *
 * @example
 * const { cache, advance, recorder } = createTestCache({ ttlMs: 60_000 });
 * await cache.getOrLoad('a', load);
 * await advance(60_001);
 * await cache.getOrLoad('a', load);
 * expect(recorder.loads('a')).toBe(2);
 */
export function createTestCache({ clock = new TestClock(), ...options }: TestCacheOptions = {}): TestCache {
  const cache = createCache({ namespace: 'test', ...options, clock });
  return { cache, clock, recorder: new CacheRecorder(cache), advance: (ms) => clock.advance(ms) };
}
