import { Redis } from 'ioredis';
import { isolate } from '../lib/isolated.mjs';
import { throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const MISSES = 1_000;
const LOADER_MS = 2;

/**
 * The cost of a miss: the fenced fill alone, from the loader's end until Redis has acknowledged it, and all of it. After a
 * loader that waits for something, as loaders do, and after one that takes no time.
 */
export async function fill({ redis, rounds }) {
  const contenders = await isolate(import.meta.url, { url: redis.url });
  const alone = await contenders.measure('alone', [LOADER_MS, 200], { rounds });
  const atOnce = await contenders.measure('alone', [0, MISSES], { rounds });
  const whole = await contenders.measure('whole', [], { rounds });
  await contenders.stop();
  return [
    ...rowsOf(`fenced fill, by latency, after a loader of ${LOADER_MS} ms`, '≥ 0.77 (1.3 × the latency)', alone),
    ...rowsOf('the same after a loader of no time', '', atOnce),
    ...rowsOf('whole miss: GET, lease, load, fenced fill', '', whole),
  ];
}

export const contenders = {
  'ioredis GET, SET + JSON.stringify': async ({ url }) => {
    const redis = new Redis(url);
    let k = 0;
    const set = () => redis.set(`f:${k++}`, JSON.stringify(kilobyte), 'PX', 600_000);
    return {
      alone: (loaderMs, count) =>
        perSecond(count, async () => {
          await redis.get(`f:${k}`);
          await loading(loaderMs);
          const loadedAt = performance.now();
          await set();
          return performance.now() - loadedAt;
        }),
      whole: () =>
        throughput(
          async () => {
            await redis.get(`f:${k}`);
            await set();
          },
          MISSES,
          1,
        ),
    };
  },
  larder: async ({ url }) => {
    // A namespace for each process: a key that another build has filled would be a hit.
    const cache = await larder({ namespace: `fill-${process.pid}`, redis: url, memory: false });
    let k = 0;
    let onFilled = () => undefined;
    cache.on('fill', () => onFilled(performance.now()));
    return {
      alone: (loaderMs, count) =>
        perSecond(count, async () => {
          let loadedAt;
          const filled = new Promise((resolve) => (onFilled = resolve));
          await cache.getOrLoad(`f:${k++}`, async () => {
            await loading(loaderMs);
            loadedAt = performance.now();
            return kilobyte;
          });
          return (await filled) - loadedAt;
        }),
      whole: () => throughput(() => cache.getOrLoad(`f:${k++}`, () => kilobyte), MISSES, 1),
    };
  },
};

async function loading(ms) {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** 1 / median latency. */
async function perSecond(count, once) {
  const latencies = [];
  for (let i = 0; i < count; i++) latencies.push(await once());
  return 1_000 / latencies.sort((a, b) => a - b)[count >> 1];
}
