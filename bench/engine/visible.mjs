import { interleave, median, percentile } from '../lib/rounds.mjs';
import { ratio } from '../lib/table.mjs';
import { startInstances } from './instances.mjs';
import { larder } from './larder.mjs';

const TIMES = 200;

/** From the call that invalidates until another process has applied it, beside a bare PUBLISH to the same process. */
export async function visible({ redis, raw, rounds }) {
  const cache = await larder({ namespace: 'instances', redis: redis.url });
  const instance = await startInstances(1, redis);
  const p50 = {};
  const p99 = {};
  const measure = (name, send) => async () => {
    const sentAt = [];
    for (let i = 0; i < TIMES; i++) {
      await pause(1);
      sentAt.push(process.hrtime.bigint());
      await send();
    }
    await pause(20);
    const [heardAt] = await instance.all('heard');
    if (heardAt.length !== TIMES) throw new Error(`${name}: ${heardAt.length} of ${TIMES} were heard`);
    const latencies = heardAt.map((at, i) => Number(BigInt(at) - sentAt[i]) / 1_000);
    (p50[name] ??= []).push(median(latencies));
    (p99[name] ??= []).push(percentile(latencies, 0.99));
    return 1 / median(latencies);
  };
  const results = await interleave(
    {
      'raw PUBLISH': measure('raw PUBLISH', () => raw.publish('raw', 'x')),
      larder: measure('larder', () => cache.delete('k')),
    },
    { rounds },
  );
  instance.stop();
  await cache.close();
  return Object.entries(results).map(([name, result], i) => [
    i === 0 ? 'invalidation to visible in another process' : '',
    name,
    `p50 ${median(p50[name]).toFixed(0)} µs, p99 ${median(p99[name]).toFixed(0)} µs`,
    i === 0 ? '1' : `${ratio(1 / result.ratio)} × the latency`,
    i === 0 ? '' : '≤ 1.5 ×',
  ]);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
