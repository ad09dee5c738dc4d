/** A process of its own, on the shared Redis. Runs its parent's commands and answers. */
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';

const { BENCH_REDIS_URL: url } = process.env;
const cache = await larder({ namespace: 'instances', redis: url });
const connection = { port: Number(new URL(url).port) };
const bento = new BentoCache({
  default: 'b',
  stores: {
    b: bentostore()
      .useL1Layer(memoryDriver({ maxSize: '64mb' }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection })),
  },
});
const subscriber = new Redis(url);
await subscriber.subscribe('raw');

/** When something was heard, by the clock that all processes of a machine share. */
let heardAt = [];
subscriber.on('message', () => heardAt.push(process.hrtime.bigint()));
cache.on('invalidationReceived', () => heardAt.push(process.hrtime.bigint()));

const READ = {
  larder: (key, load) => cache.getOrLoad(key, load),
  BentoCache: (key, load) => bento.getOrSet({ key, factory: load, ttl: '10m' }),
};

const COMMANDS = {
  heard() {
    const times = heardAt.map(String);
    heardAt = [];
    return times;
  },
  /** Many callers on one key at once. */
  async stampede({ contender, key, callers, loadMs }) {
    let loads = 0;
    const load = async () => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, loadMs));
      return kilobyte;
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: callers }, () => READ[contender](key, load)));
    return { loads, ms: performance.now() - startedAt };
  },
};

process.on('message', async ({ command, ...rest }) => process.send(await COMMANDS[command](rest)));
process.on('disconnect', () => process.exit());
process.send('ready');
