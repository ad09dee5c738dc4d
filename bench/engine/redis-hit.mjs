import KeyvRedis from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache as createCacheManager } from 'cache-manager';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { bareSocket } from '../lib/bare-socket.mjs';
import { isolate } from '../lib/isolated.mjs';
import { throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const TARGETS = { 1: '≥ 0.95', 64: '≥ 1.3', 512: '≥ 1.8' };
const keys = Array.from({ length: 1_000 }, (_, i) => `k:${i}`);

/** A hit in Redis, no memory tier; which commands brought them is printed from Redis's own count. */
export async function redisHit({ redis, raw, rounds }) {
  for (const key of keys) await raw.set(key, JSON.stringify(kilobyte));
  const contenders = await isolate(import.meta.url, { url: redis.url, port: redis.port });
  await raw.config('RESETSTAT');
  const rows = [];
  for (const concurrency of [1, 64, 512]) {
    const results = await contenders.measure('hits', [concurrency], { rounds });
    rows.push(...rowsOf(`Redis hit, 1 KB, concurrency ${concurrency}`, TARGETS[concurrency], results));
  }
  const counts = (await raw.info('commandstats')).split('\n').filter((line) => /cmdstat_(m?get|evalsha)/.test(line));
  console.log(counts.join('\n'));
  await contenders.stop();
  return rows;
}

export const contenders = {
  'ioredis GET + JSON.parse': async ({ url }) => {
    const redis = new Redis(url);
    return hits(async (key) => JSON.parse(await redis.get(key)));
  },
  larder: async ({ url }) => {
    const cache = await larder({ namespace: 'hits', redis: url, memory: false });
    for (const key of keys) await cache.set(key, kilobyte);
    let loads = 0;
    const load = () => {
      if (++loads > 100) throw new Error('Hits were expected');
      return kilobyte;
    };
    return hits((key) => cache.getOrLoad(key, load));
  },
  BentoCache: async ({ port }) => {
    const stores = { r: bentostore().useL2Layer(redisDriver({ connection: { port } })) };
    const bento = new BentoCache({ default: 'r', stores });
    for (const key of keys) await bento.set({ key, value: kilobyte, ttl: '10m' });
    return hits((key) => bento.getOrSet({ key, factory: () => kilobyte, ttl: '10m' }));
  },
  'cache-manager': async ({ url }) => {
    const manager = createCacheManager({ stores: [new Keyv({ store: new KeyvRedis(url) })], ttl: 600_000 });
    for (const key of keys) await manager.set(key, kilobyte);
    return hits((key) => manager.get(key));
  },
  'a hand-written socket + JSON.parse': async ({ port }) => {
    const socket = await bareSocket(port);
    return hits(async (key) => JSON.parse(await socket.get(key)));
  },
};

function hits(read) {
  return {
    hits: (concurrency) =>
      throughput((i) => read(keys[i % keys.length]), concurrency === 1 ? 5_000 : 20_000, concurrency),
  };
}
