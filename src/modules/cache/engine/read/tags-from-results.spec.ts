import type { Cache, LoadContext } from '../contract/cache.js';
import { createCache } from '../../create-cache.js';

describe('an entry that got its tags from its result', () => {
  let cache: Cache;
  let finish: () => void;

  const taggedLate = (context: LoadContext): string => {
    context.set({ tags: ['late'] });
    return 'old';
  };
  /** A load that goes on until {@link finish}. */
  const slow = (value: string) => async (): Promise<string> => {
    await new Promise<void>((resolve) => (finish = resolve));
    return value;
  };

  beforeEach(async () => {
    cache = createCache();
    await cache.getOrLoad('k', taggedLate, { graceMs: 60_000 });
    await cache.expireTags(['late']);
  });

  afterEach(() => cache.close());

  it('is not served as stale by a load in flight to a caller that comes after the invalidation of its tag', async () => {
    const before = cache.getOrLoad('k', slow('new'), { graceMs: 60_000, softTimeoutMs: 0 });
    await expect(before).resolves.toBe('old');
    await cache.invalidateTags(['late']);
    finish();
    await expect(cache.getOrLoad('k', () => 'new', { graceMs: 60_000, softTimeoutMs: 0 })).resolves.toBe('new');
  });

  it('is not served in place of a failed load to a caller that comes after the invalidation of its tag', async () => {
    let fail!: (error: Error) => void;
    const failing = cache.getOrLoad('k', () => new Promise<string>((_, reject) => (fail = reject)), {
      graceMs: 60_000,
    });
    const outcome = failing.catch((error: Error) => error.message);
    await new Promise((resolve) => setImmediate(resolve));
    await cache.invalidateTags(['late']);
    const after = cache.getOrLoad('k', () => 'new', { graceMs: 60_000 });
    fail(new Error('source down'));
    await expect(outcome).resolves.toBe('source down');
    await expect(after).rejects.toThrow('source down');
  });
});
