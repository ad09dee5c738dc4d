import { interleave, throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const MISSES = 1_000;

/** What a miss costs: the fenced fill alone, from the loader's end until Redis has acknowledged it, and all of it. */
export async function fill({ redis, raw, rounds }) {
  const cache = await larder({ namespace: 'fill', redis: redis.url, memory: false });
  const text = JSON.stringify(kilobyte);
  let k = 0;
  let onFilled;
  cache.on('fill', () => onFilled());
  const fillOnce = async () => {
    let loadedAt;
    const filled = new Promise((resolve) => (onFilled = resolve));
    await cache.getOrLoad(`f:${k++}`, () => {
      loadedAt = performance.now();
      return kilobyte;
    });
    await filled;
    return performance.now() - loadedAt;
  };
  const setOnce = async () => {
    const startedAt = performance.now();
    await raw.set(`f:${k++}`, JSON.stringify(kilobyte), 'PX', 600_000);
    return performance.now() - startedAt;
  };
  const latency = await interleave(
    { 'ioredis SET + JSON.stringify': () => perSecond(setOnce), larder: () => perSecond(fillOnce) },
    { rounds },
  );
  onFilled = () => undefined;
  const whole = await interleave(
    {
      'ioredis GET + SET': () =>
        throughput(
          async () => {
            const key = `f:${k++}`;
            await raw.get(key);
            await raw.set(key, text, 'PX', 600_000);
          },
          MISSES,
          1,
        ),
      larder: () => throughput(() => cache.getOrLoad(`f:${k++}`, () => kilobyte), MISSES, 1),
    },
    { rounds },
  );
  await cache.close();
  return [
    ...rowsOf('fenced fill alone, by latency', '≥ 0.77 (1.3 × the latency)', latency),
    ...rowsOf('whole miss: GET, lease, load, fenced fill', '', whole),
  ];
}

/** 1 / median latency. */
async function perSecond(once) {
  const latencies = [];
  for (let i = 0; i < MISSES; i++) latencies.push(await once());
  return 1_000 / latencies.sort((a, b) => a - b)[MISSES / 2];
}
