import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { isolate } from '../lib/isolated.mjs';
import { throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const READS = 200_000;
const BASELINE = 'Map behind an async function';

/** A hit in memory, by how many entries there are. */
export async function memoryHit({ rounds }) {
  const rows = [];
  for (const size of SIZES) {
    const names = size === SIZES[0] ? undefined : [BASELINE, 'larder'];
    const contenders = await isolate(import.meta.url, { size }, names);
    const results = await contenders.measure('hits', [], { rounds });
    await contenders.stop();
    rows.push(...rowsOf(`memory hit, ${size} entries`, '≥ 0.5 (3 tags ≥ 0.4)', results));
  }
  return rows;
}

const load = () => kilobyte;

export const contenders = {
  [BASELINE]: async ({ size }) => {
    const map = new Map();
    const get = async (key) => map.get(key);
    return hits(size, get, (key) => map.set(key, kilobyte));
  },
  larder: async ({ size }) => {
    const cache = await larder({ namespace: 'memory', memory: { maxBytes: 2 ** 31 } });
    return hits(size, (key) => cache.getOrLoad(key, load));
  },
  'larder, 3 tags': async ({ size }) => {
    const cache = await larder({ namespace: 'memory', memory: { maxBytes: 2 ** 31 } });
    const tagged = { tags: ['a', 'b', 'product'] };
    return hits(
      size,
      (key) => cache.getOrLoad(key, load),
      (key) => cache.getOrLoad(key, load, tagged),
    );
  },
  'BentoCache (serialize: false)': async ({ size }) => {
    const layer = memoryDriver({ maxItems: 10_000, serialize: false });
    const bento = new BentoCache({ default: 'm', stores: { m: bentostore().useL1Layer(layer) } });
    return hits(size, (key) => bento.getOrSet({ key, factory: load, ttl: '10m' }), undefined, READS / 10);
  },
  BentoCache: async ({ size }) => {
    const layer = memoryDriver({ maxSize: '64mb' });
    const bento = new BentoCache({ default: 'm', stores: { m: bentostore().useL1Layer(layer) } });
    return hits(size, (key) => bento.getOrSet({ key, factory: load, ttl: '10m' }), undefined, READS / 20);
  },
  'cache-manager': async ({ size }) => {
    const manager = createCacheManager({ ttl: 600_000 });
    return hits(size, (key) => manager.wrap(key, load, 600_000), undefined, READS / 20);
  },
};

async function hits(size, read, write = read, reads = READS) {
  const keys = Array.from({ length: size }, (_, i) => `product:${i}`);
  for (const key of keys) await write(key);
  return { hits: () => throughput((i) => read(keys[i % size]), reads, 1) };
}
