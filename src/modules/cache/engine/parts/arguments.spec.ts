import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

/** As JavaScript may call it, without a compiler that objects. */
// oxlint-disable-next-line typescript/no-explicit-any
type Untyped = any;

describe('invalid arguments', () => {
  let cache: Cache;
  beforeEach(() => {
    cache = createCache();
  });
  afterEach(() => cache.close());

  it.each<[string, (untyped: Untyped) => Promise<unknown>, string]>([
    ['ttlMs: null', (c) => c.set('k', 1, { ttlMs: null }), 'ttlMs'],
    ['ttlMs as text', (c) => c.set('k', 1, { ttlMs: '5m' }), 'ttlMs'],
    ['an unknown tier', (c) => c.set('k', 1, { tiers: 'disk' }), 'tiers'],
    ['an option of another library', (c) => c.set('k', 1, { ttl: 5_000 }), 'ttlMs'],
    ['an unknown option', (c) => c.getOrLoad('k', () => 1, { stale: true }), 'stale'],
    ['tags as text', (c) => c.set('k', 1, { tags: 'products' }), 'tags'],
    ['an empty tag', (c) => c.set('k', 1, { tags: [''] }), 'tag'],
    ['a jitter as text', (c) => c.set('k', 1, { jitter: '0.5' }), 'jitter'],
    ['invalidateTags of text', (c) => c.invalidateTags('products'), 'tags'],
    ['invalidateTags of nothing', (c) => c.invalidateTags(), 'tags'],
    ['expireTags of text', (c) => c.expireTags('products'), 'tags'],
    ['delete of nothing', (c) => c.delete(undefined), 'key'],
    ['delete of an empty key', (c) => c.delete(''), 'key'],
    ['delete of a number among keys', (c) => c.delete(['a', 7]), 'key'],
    ['expire of nothing', (c) => c.expire(undefined), 'key'],
    ['get of a number', (c) => c.get(7), 'key'],
    ['getMany of text', (c) => c.getMany('abc'), 'keys'],
    ['getOrLoadMany of text', (c) => c.getOrLoadMany('abc', () => new Map()), 'keys'],
    ['a loader that is none', (c) => c.getOrLoad('k', 'value'), 'loader'],
    ['an unknown consistency', (c) => c.get('k', { consistency: 'eventual' }), 'consistency'],
    ['an unknown option of a read', (c) => c.get('k', { stale: true }), 'stale'],
    ['a signal that is none', (c) => c.getOrLoad('k', () => 1, { signal: {} }), 'signal'],
    ['setMany of an empty key', (c) => c.setMany([['', 1]]), 'key'],
  ])('%s is a TypeError that names it', async (_name, call, named) => {
    const error = await call(cache).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(named);
  });

  it('an invalid option of a namespace is refused when the namespace is made', () => {
    expect(() => cache.namespace('n', { readPatienceMs: 5 } as Untyped)).toThrow('minReadTimeoutMs');
    expect(() => createCache({ ttl: 5 } as Untyped)).toThrow('ttlMs');
  });

  it('a negative duration, and NaN, is a RangeError', async () => {
    await expect(cache.set('k', 1, { graceMs: -1 })).rejects.toThrow(RangeError);
    await expect(cache.set('k', 1, { ttlMs: Number.NaN })).rejects.toThrow(RangeError);
  });

  it('an invalid option that a loader sets rejects the load', async () => {
    const load = cache.getOrLoad('k', ({ set }) => set({ tiers: 'disk' } as Untyped));
    await expect(load).rejects.toThrow('tiers');
  });

  it.each([Number.MAX_VALUE, 1e19, Number.POSITIVE_INFINITY])('a ttl of %s is for ever', async (ttlMs) => {
    await expect(cache.set('k', 1, { ttlMs })).resolves.toEqual({ status: 'applied' });
    await expect(cache.getEntry('k')).resolves.toMatchObject({ ttlMs: Number.POSITIVE_INFINITY });
  });
});
