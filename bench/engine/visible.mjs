import { Redis } from 'ioredis';
import { isolate } from '../lib/isolated.mjs';
import { interleave, median, percentile } from '../lib/rounds.mjs';
import { ratio } from '../lib/table.mjs';
import { startInstances } from './instances.mjs';
import { larder } from './larder.mjs';

const TIMES = 200;

/** From the call that invalidates until another process has applied it, beside a bare PUBLISH to the same process. */
export async function visible({ redis, rounds }) {
  const senders = await isolate(import.meta.url, { url: redis.url });
  const instance = await startInstances(1, redis);
  const p50 = {};
  const p99 = {};
  const measure = (name) => async () => {
    const sentAt = await senders.run(name, 'send');
    const [heardAt] = await instance.all('heard');
    if (heardAt.length !== TIMES) throw new Error(`${name}: ${heardAt.length} of ${TIMES} were heard`);
    const latencies = heardAt.map((at, i) => Number(BigInt(at) - BigInt(sentAt[i])) / 1_000);
    (p50[name] ??= []).push(median(latencies));
    (p99[name] ??= []).push(percentile(latencies, 0.99));
    return 1 / median(latencies);
  };
  const results = await interleave(Object.fromEntries(senders.names.map((name) => [name, measure(name)])), { rounds });
  instance.stop();
  await senders.stop();
  return Object.entries(results).map(([name, result], i) => [
    i === 0 ? 'invalidation to visible in another process' : '',
    name,
    `p50 ${median(p50[name]).toFixed(0)} µs, p99 ${median(p99[name]).toFixed(0)} µs`,
    i === 0 ? '1' : `${ratio(1 / result.ratio)} × the latency`,
    i === 0 ? '' : '≤ 1.5 ×',
  ]);
}

export const contenders = {
  'raw PUBLISH': async ({ url }) => {
    const redis = new Redis(url);
    return { send: () => sendTimes(() => redis.publish('raw', 'x')) };
  },
  larder: async ({ url }) => {
    const cache = await larder({ namespace: 'instances', redis: url });
    return { send: () => sendTimes(() => cache.delete('k')) };
  },
};

/** When each was sent, by the clock that all processes of a machine share. */
async function sendTimes(send) {
  const sentAt = [];
  for (let i = 0; i < TIMES; i++) {
    await pause(1);
    sentAt.push(String(process.hrtime.bigint()));
    await send();
  }
  await pause(20);
  return sentAt;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
