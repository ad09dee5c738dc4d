import { DEFAULT_CONTROLS } from '../embedding.types.js';
import { readCacheControls } from './cache-controls.js';

describe('cache controls', () => {
  it('are empty without headers, and ignore unknown directives', () => {
    expect(readCacheControls({})).toEqual(DEFAULT_CONTROLS);
    expect(readCacheControls({ 'cache-control': 'no-transform, max-stale=5' })).toEqual(DEFAULT_CONTROLS);
  });

  it.each([
    ['no-cache', { isRefresh: true }],
    ['No-Store', { isNoStore: true }],
    ['only-if-cached', { isOnlyIfCached: true }],
    ['max-age=0', { isRefresh: true, maxAgeMs: 0 }],
    ['no-store , max-age=60', { isNoStore: true, maxAgeMs: 60_000 }],
    ['max-age=soon', {}],
  ])('reads Cache-Control: %s', (header, expected) => {
    expect(readCacheControls({ 'cache-control': header })).toEqual({ ...DEFAULT_CONTROLS, ...expected });
  });

  it.each([
    ['3600', 3_600_000],
    ['12h', 43_200_000],
  ])('reads a ttl of %s', (header, ttlMs) => {
    expect(readCacheControls({ 'x-embed-ttl': header })).toMatchObject({ ttlMs });
  });

  it.each(['0', '-1', 'soon', 'NaN', 'Infinity'])('refuses a ttl of %s', (header) => {
    expect(() => readCacheControls({ 'x-embed-ttl': header })).toThrow(/x-embed-ttl/);
  });

  it('takes a namespace of harmless characters only', () => {
    expect(readCacheControls({ 'x-embed-namespace': 'docs.v2' })).toMatchObject({ namespace: 'docs.v2' });
    for (const hostile of ['', 'a b', 'a/b', '*', 'x'.repeat(65)]) {
      expect(() => readCacheControls({ 'x-embed-namespace': hostile })).toThrow(/x-embed-namespace/);
    }
  });
});
