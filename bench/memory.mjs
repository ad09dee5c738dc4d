/**
 * The memory store alone: hit ratios against other eviction policies, and the cost of a hit; and the bytes that an entry of the memory
 * tier takes against the bytes that are counted. `node bench/memory.mjs` after a build.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LRUCache } from 'lru-cache';
import { createCache } from '../dist/index.js';
import { MemoryStore } from '../dist/modules/cache/stores/memory/memory-store.js';
import { interleave } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

const KEYS = 100_000;
const CAPACITY = 5_000;
const READS = 1_000_000;

/** Every entry weighs one, so that `maxBytes` is a number of entries. */
const newEntry = () => ({ sizeBytes: 1, key: '', uses: 0, queue: undefined, newer: undefined, older: undefined });
const entry = newEntry();

const policies = {
  'LRU (lru-cache)': () => {
    const cache = new LRUCache({ max: CAPACITY });
    return { get: (key) => cache.get(key), set: (key) => cache.set(key, entry) };
  },
  SIEVE: () => sieve(CAPACITY),
  'W-TinyLFU': () => tinyLfu(CAPACITY),
  'larder (S3-FIFO)': () => {
    const store = new MemoryStore({ maxBytes: CAPACITY });
    return { get: (key) => store.get(key), set: (key) => store.set(key, newEntry()) };
  },
};

/** Reads whose key begins with `scan` are not counted: each of those keys is read once. */
const traces = {
  'Zipf 0.8': zipfTrace(0.8),
  'Zipf 1.0': zipfTrace(1),
  'Zipf 1.0, 30 % of reads a scan': function* () {
    const random = randomFrom(3);
    const next = zipf(1, random);
    for (let i = 0; i < READS; i++) yield random() < 0.3 ? `scan:${i}` : `key:${next()}`;
  },
  'Zipf 1.0, a scan of 50,000 every 100,000 reads': function* () {
    const next = zipf(1, randomFrom(4));
    for (let i = 0; i < READS; i++) {
      yield `key:${next()}`;
      if (i % 100_000 === 99_999) for (let key = 0; key < 50_000; key++) yield `scan:${i}:${key}`;
    }
  },
  'Zipf 1.0, other keys popular every 100,000 reads': function* () {
    const next = zipf(1, randomFrom(5));
    for (let i = 0; i < READS; i++) yield `key:${(next() + Math.floor(i / 100_000) * 5_000) % KEYS}`;
  },
  'a loop over 1.5 times the capacity': function* () {
    for (let i = 0; i < READS; i++) yield `key:${i % (CAPACITY * 1.5)}`;
  },
};

// First: garbage of the other measures would be counted too.
const { taken, counted: countedBytes } = await entryBytes(200_000);
console.log(
  `An entry of a small number takes ${taken} bytes of heap beside its key; ${countedBytes} are counted, key included.\n`,
);

const hitRatios = [];
for (const [trace, reads] of Object.entries(traces)) {
  const ratios = Object.values(policies).map((create) => `${(100 * hitRatio(create(), reads())).toFixed(1)} %`);
  hitRatios.push([trace, ...ratios]);
}
console.log(`Hit ratios: ${KEYS} keys, room for ${CAPACITY}, ${READS} reads.`);
printTable(['reads', ...Object.keys(policies)], hitRatios);

const costs = [];
for (const size of [1_000, 10_000, 100_000, 1_000_000]) {
  const keys = Array.from({ length: size }, (_, i) => `product:${i}`);
  const order = Uint32Array.from(
    { length: 200_000 },
    (
      (random) => () =>
        Math.floor(random() * size)
    )(randomFrom(9)),
  );
  const map = new Map(keys.map((key) => [key, entry]));
  const lru = new LRUCache({ max: size });
  const store = new MemoryStore({ maxBytes: size });
  for (const key of keys) {
    lru.set(key, entry);
    store.set(key, newEntry());
  }
  const reads = (cache) => async () => {
    const startedAt = process.hrtime.bigint();
    for (const index of order) cache.get(keys[index]);
    return order.length / (Number(process.hrtime.bigint() - startedAt) / 1e9);
  };
  const results = await interleave({ Map: reads(map), 'lru-cache': reads(lru), larder: reads(store) });
  costs.push([size, ...Object.values(results).map((result) => `${rate(result.rate)} (${ratio(result.ratio)})`)]);
}
console.log('\nHits by entries, random order, and the ratio to a plain Map.');
printTable(['entries', 'Map', 'lru-cache', 'larder'], costs);

async function entryBytes(count) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const cache = createCache({ namespace: 'memory', ttlMs: 600_000, memory: { maxBytes: 2 ** 31 } });
  const keys = Array.from({ length: count }, (_, i) => `product:${i}`);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (const key of keys) await cache.getOrLoad(key, () => 7);
  collect();
  const after = process.memoryUsage().heapUsed;
  const { usedBytes } = cache.stats().memory;
  await cache.close();
  return { taken: Math.round((after - before) / count), counted: Math.round(usedBytes / count) };
}

function hitRatio(cache, reads) {
  let hits = 0;
  let counted = 0;
  for (const key of reads) {
    const isHit = cache.get(key) !== undefined;
    if (!isHit) cache.set(key);
    if (key.startsWith('scan')) continue;
    counted++;
    if (isHit) hits++;
  }
  return hits / counted;
}

function zipfTrace(exponent) {
  return function* () {
    const next = zipf(exponent, randomFrom(1));
    for (let i = 0; i < READS; i++) yield `key:${next()}`;
  };
}

/** Ranks of keys, the first the most popular. */
function zipf(exponent, random) {
  const cumulative = new Float64Array(KEYS);
  let total = 0;
  for (let rank = 0; rank < KEYS; rank++) cumulative[rank] = total += 1 / (rank + 1) ** exponent;
  return () => {
    const target = random() * total;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** mulberry32: the same reads in every run. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Zhang et al., NSDI 2024. */
function sieve(capacity) {
  const nodes = new Map();
  let newest;
  let oldest;
  let hand;
  const evict = () => {
    let node = hand ?? oldest;
    while (node.isVisited) {
      node.isVisited = false;
      node = node.newer ?? oldest;
    }
    hand = node.newer;
    if (node.newer) node.newer.older = node.older;
    else newest = node.older;
    if (node.older) node.older.newer = node.newer;
    else oldest = node.newer;
    nodes.delete(node.key);
  };
  return {
    get(key) {
      const node = nodes.get(key);
      if (node) node.isVisited = true;
      return node;
    },
    set(key) {
      if (nodes.size >= capacity) evict();
      const node = { key, isVisited: false, newer: undefined, older: newest };
      if (newest) newest.newer = node;
      else oldest = node;
      newest = node;
      nodes.set(key, node);
    },
  };
}

/** Einziger et al., 2017, as in Caffeine: a window of 1 %, a segmented main part; with exact counts where Caffeine sketches them. */
function tinyLfu(capacity) {
  const window = new Map();
  const probation = new Map();
  const safe = new Map();
  const windowSize = Math.max(1, Math.floor(capacity / 100));
  const safeSize = Math.floor((capacity - windowSize) * 0.8);
  let counts = new Map();
  let counted = 0;
  const oldest = (map) => map.keys().next().value;
  const count = (key) => {
    counts.set(key, Math.min(15, (counts.get(key) ?? 0) + 1));
    if (++counted < capacity * 10) return;
    counted /= 2;
    counts = new Map([...counts].filter(([, uses]) => uses > 1).map(([known, uses]) => [known, uses >> 1]));
  };
  return {
    get(key) {
      count(key);
      if (window.delete(key)) window.set(key, true);
      else if (safe.delete(key)) safe.set(key, true);
      else if (probation.delete(key)) {
        safe.set(key, true);
        if (safe.size > safeSize) {
          const demoted = oldest(safe);
          safe.delete(demoted);
          probation.set(demoted, true);
        }
      } else return undefined;
      return entry;
    },
    set(key) {
      window.set(key, true);
      if (window.size <= windowSize) return;
      const candidate = oldest(window);
      window.delete(candidate);
      if (probation.size + safe.size < capacity - windowSize) {
        probation.set(candidate, true);
        return;
      }
      const victim = oldest(probation) ?? oldest(safe);
      if ((counts.get(candidate) ?? 0) <= (counts.get(victim) ?? 0)) return;
      if (!probation.delete(victim)) safe.delete(victim);
      probation.set(candidate, true);
    },
  };
}
