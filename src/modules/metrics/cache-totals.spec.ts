import { Registry } from 'prom-client';
import { createCache } from '../cache/library.js';
import type { UnreadableResponses } from '../cache/nest.js';
import { CacheMetrics } from './cache.metrics.js';
import { CacheTotals } from './cache-totals.js';

describe('figures by cache', () => {
  it('are kept for 100 caches, and together for the rest, however many namespaces there are', async () => {
    const cache = createCache();
    const registry = new Registry();
    const totals = new CacheTotals(cache);
    const unreadable = { onFound: () => () => undefined } as unknown as UnreadableResponses;
    const metrics = new CacheMetrics(registry, totals, cache, unreadable);
    for (let i = 0; i < 300; i++) {
      const user = cache.namespace(`user-${i}`);
      await user.getOrLoad('k', () => i);
      await user.set('k', i);
      await user.get('k');
    }

    expect([...totals.byCache().keys()]).toHaveLength(101);
    expect(totals.byCache().get('larder/user-7')).toMatchObject({ memoryHits: 1, misses: 1 });
    expect(totals.byCache().get('other')).toMatchObject({ memoryHits: 200, misses: 200 });
    const text = await registry.metrics();
    expect(text.match(/^larder_cache_load_seconds_count\{/gm) ?? text.match(/_count\{.*cache="/gm)).toHaveLength(101);
    expect(text).not.toContain('user-250');

    metrics.onApplicationShutdown();
    totals.onApplicationShutdown();
    await cache.close();
  });
});
