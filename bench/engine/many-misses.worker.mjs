/** A process that misses many keys at once, and reports the cost. */
import { Redis } from 'ioredis';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';

const { BENCH_REDIS_URL: url } = process.env;
const LOAD_MS = 2;
const cache = await larder({ namespace: 'misses', redis: url });
const redis = new Redis(url);
const counts = { stored: 0, rejected: 0 };
cache.on('fill', () => counts.stored++);
cache.on('fillRejected', () => counts.rejected++);
let loads = 0;

const READ = {
  larder: (key) =>
    cache.getOrLoad(key, async () => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
      return kilobyte;
    }),
  'ioredis GET, SET': async (key) => {
    await redis.get(key);
    await redis.set(key, JSON.stringify(kilobyte), 'PX', 600_000);
  },
};

process.on('message', async ({ contender, prefix, keys }) => {
  [counts.stored, counts.rejected, loads] = [0, 0, 0];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: keys }, (_, i) => READ[contender](`${prefix}:${i}`)));
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  // Values are stored a moment after their callers have them.
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.send({ ms, cpuUs: user + system, loads, ...counts });
});
process.on('disconnect', () => process.exit());
process.send('ready');
