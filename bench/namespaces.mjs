/**
 * The cost of many namespaces: processor time of a load, and memory of a namespace that was used once. In memory alone, so that
 * the engine is measured. `node --expose-gc bench/namespaces.mjs` after a build.
 */
import { createCache } from '../dist/modules/cache/create-cache.js';
import { printTable } from './lib/table.mjs';

const COUNTS = [1, 100, 10_000];
const LOADS = 40_000;

/** Microseconds of processor time of a load, over `count` namespaces in turn. */
async function measure(count) {
  const cache = createCache({ memory: { maxBytes: 1e9 } });
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const namespaces = Array.from({ length: count }, (_, i) => cache.namespace(`user-${i}`));
  for (const namespace of namespaces) await namespace.getOrLoad('first', () => 1);
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - heapBefore) / count;
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < LOADS; i++) await namespaces[i % count].getOrLoad(`${round}:${i}`, () => i);
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / LOADS);
  }
  await cache.close();
  return { micros: rounds.toSorted((a, b) => a - b)[2], bytes };
}

await measure(1);
const rows = [];
for (const count of COUNTS) {
  const { micros, bytes } = await measure(count);
  rows.push([count.toLocaleString('en'), micros.toFixed(1), count === 1 ? '–' : `${Math.round(bytes)}`]);
}
printTable(['namespaces', 'µs of processor time a load', 'bytes of heap a namespace and its entry'], rows);
