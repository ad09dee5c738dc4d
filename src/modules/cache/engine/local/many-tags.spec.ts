import { createCache } from '../../create-cache.js';
import type { Cache } from '../contract/cache.js';

const ENTRIES = 5_000;
const OTHER_TAGS = 205_000;
const BATCH = 1_000;

describe('entries in memory, while very many tags are known', () => {
  const caches: Cache[] = [];

  function open(maxBytes: number): Cache {
    const cache = createCache({ memory: { maxBytes } });
    caches.push(cache);
    return cache;
  }

  async function fill(cache: Cache): Promise<void> {
    for (let i = 0; i < ENTRIES; i++) await cache.set(`k${i}`, i, { tags: [`of k${i}`] });
  }

  async function invalidateOthers(cache: Cache, count = OTHER_TAGS): Promise<void> {
    for (let from = 0; from < count; from += BATCH)
      await cache.invalidateTags(Array.from({ length: BATCH }, (_, i) => `other ${from + i}`));
  }

  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });

  it('stay hits, and are still invalidated by their tags', async () => {
    const cache = open(64 * 2 ** 20);
    await fill(cache);
    await invalidateOthers(cache);
    for (let i = 0; i < ENTRIES; i++) expect(await cache.get(`k${i}`)).toBe(i);
    expect(cache.stats()).toMatchObject({ memory: { entries: ENTRIES }, hits: { memory: ENTRIES }, misses: 0 });
    await cache.invalidateTags(['of k7']);
    await expect(cache.get('k7')).resolves.toBeUndefined();
    await expect(cache.get('k8')).resolves.toBe(8);
  });

  it('share the bound with the tags', async () => {
    const cache = open(2 * 2 ** 20);
    await fill(cache);
    const { entries, usedBytes, maxBytes } = cache.stats().memory;
    expect(usedBytes).toBeLessThanOrEqual(maxBytes);
    // 600 bytes for an entry and more than 300 for its tag.
    expect(entries).toBeLessThan(maxBytes / 900);
    await invalidateOthers(cache, 10_000);
    await cache.set('one more', 1);
    expect(cache.stats().memory.usedBytes).toBeLessThanOrEqual(maxBytes);
  });
});
