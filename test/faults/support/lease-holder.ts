import { createCache } from '../../../src/modules/cache/create-cache.js';

/** A process whose load never ends: tells its parent when it holds the lease, and waits to be killed. */
const [url = ''] = process.argv.slice(2);
const cache = createCache({ namespace: 'holder', redis: url, ttlMs: 60_000, minReadTimeoutMs: 10_000 });
while (cache.stats().redis !== 'up') await new Promise((resolve) => setTimeout(resolve, 10));
void cache.getOrLoad('k', () => {
  process.send!('loading');
  return new Promise<string>(() => undefined);
});
