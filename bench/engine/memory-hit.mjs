import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { interleave, throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const READS = 200_000;

/** A hit in memory, by how many entries there are. */
export async function memoryHit({ rounds }) {
  const cache = await larder({ namespace: 'memory', memory: { maxBytes: 2 ** 31 } });
  const map = new Map();
  const load = () => kilobyte;
  const plain = async (key) => map.get(key);
  const rows = [];
  for (const size of SIZES) {
    const keys = Array.from({ length: size }, (_, i) => `product:${i}`);
    for (const key of keys) {
      map.set(key, kilobyte);
      await cache.getOrLoad(key, load, { tags: [] });
    }
    const results = await interleave(
      {
        'Map behind an async function': () => throughput((i) => plain(keys[i % size]), READS, 1),
        larder: () => throughput((i) => cache.getOrLoad(keys[i % size], load), READS, 1),
        ...(size === SIZES[0] ? await others(cache, keys, load) : {}),
      },
      { rounds },
    );
    rows.push(...rowsOf(`memory hit, ${size} entries`, '≥ 0.5 (3 tags ≥ 0.4)', results));
  }
  await cache.close();
  return rows;
}

async function others(cache, keys, load) {
  const bento = new BentoCache({
    default: 'm',
    stores: { m: bentostore().useL1Layer(memoryDriver({ maxSize: '64mb' })) },
  });
  const bentoPlain = new BentoCache({
    default: 'm',
    stores: { m: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000, serialize: false })) },
  });
  const manager = createCacheManager({ ttl: 600_000 });
  const tagged = keys.map((key) => `t:${key}`);
  const options = (i) => ({ key: keys[i % keys.length], factory: load, ttl: '10m' });
  for (let i = 0; i < keys.length; i++) {
    await cache.getOrLoad(tagged[i], load, { tags: ['a', 'b', 'product'] });
    await bento.getOrSet(options(i));
    await bentoPlain.getOrSet(options(i));
    await manager.wrap(keys[i], load, 600_000);
  }
  return {
    'larder, 3 tags': () => throughput((i) => cache.getOrLoad(tagged[i % keys.length], load), READS, 1),
    'BentoCache (serialize: false)': () => throughput((i) => bentoPlain.getOrSet(options(i)), READS / 10, 1),
    BentoCache: () => throughput((i) => bento.getOrSet(options(i)), READS / 20, 1),
    'cache-manager': () => throughput((i) => manager.wrap(keys[i % keys.length], load, 600_000), READS / 20, 1),
  };
}
