import KeyvRedis from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache as createCacheManager } from 'cache-manager';
import { Keyv } from 'keyv';
import { interleave, throughput } from '../lib/rounds.mjs';
import { kilobyte } from './kilobyte.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const TARGETS = { 1: '≥ 0.95', 64: '≥ 1.3', 512: '≥ 1.8' };
const KEYS = 1_000;

/** A hit in Redis, no memory tier; which commands brought them is printed from Redis's own count. */
export async function redisHit({ redis, raw, rounds }) {
  const cache = await larder({ namespace: 'hits', redis: redis.url, memory: false });
  const bento = new BentoCache({
    default: 'r',
    stores: { r: bentostore().useL2Layer(redisDriver({ connection: { port: redis.port } })) },
  });
  const manager = createCacheManager({ stores: [new Keyv({ store: new KeyvRedis(redis.url) })], ttl: 600_000 });
  const keys = Array.from({ length: KEYS }, (_, i) => `k:${i}`);
  const load = () => {
    throw new Error('A hit was expected');
  };
  for (const key of keys) {
    await raw.set(key, JSON.stringify(kilobyte));
    await cache.set(key, kilobyte);
    await bento.set({ key, value: kilobyte, ttl: '10m' });
    await manager.set(key, kilobyte);
  }
  await raw.config('RESETSTAT');
  const rows = [];
  for (const concurrency of [1, 64, 512]) {
    const reads = concurrency === 1 ? 5_000 : 20_000;
    const results = await interleave(
      {
        'ioredis GET + JSON.parse': () =>
          throughput(async (i) => JSON.parse(await raw.get(keys[i % KEYS])), reads, concurrency),
        larder: () => throughput((i) => cache.getOrLoad(keys[i % KEYS], load), reads, concurrency),
        BentoCache: () =>
          throughput((i) => bento.getOrSet({ key: keys[i % KEYS], factory: load, ttl: '10m' }), reads / 4, concurrency),
        'cache-manager': () => throughput((i) => manager.get(keys[i % KEYS]), reads / 4, concurrency),
      },
      { rounds },
    );
    rows.push(...rowsOf(`Redis hit, 1 KB, concurrency ${concurrency}`, TARGETS[concurrency], results));
  }
  const counts = (await raw.info('commandstats')).split('\n').filter((line) => /cmdstat_m?get/.test(line));
  console.log(counts.join('\n'));
  await cache.close();
  await bento.disconnectAll();
  await manager.disconnect();
  return rows;
}
