import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { interleave, throughput } from '../lib/rounds.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

/** A batch of vectors from Redis. */
export async function vectors({ redis, raw, rounds }) {
  const cache = await larder({ namespace: 'vectors', redis: redis.url, memory: false });
  const bento = new BentoCache({
    default: 'r',
    stores: { r: bentostore().useL2Layer(redisDriver({ connection: { port: redis.port } })) },
  });
  const keys = Array.from({ length: 100 }, (_, i) => `v:${i}`);
  for (const key of keys) {
    const vector = Float32Array.from({ length: 768 }, () => Math.random());
    await raw.set(key, Buffer.from(vector.buffer));
    await cache.set(key, vector);
    await bento.set({ key, value: [...vector], ttl: '10m' });
  }
  const results = await interleave(
    {
      'ioredis MGET to Float32Array': () => throughput(async () => (await raw.mgetBuffer(keys)).map(toVector), 300, 1),
      larder: () => throughput(() => cache.getMany(keys), 300, 1),
      BentoCache: () => throughput(() => Promise.all(keys.map((key) => bento.get({ key }))), 50, 1),
    },
    { rounds },
  );
  await cache.close();
  await bento.disconnectAll();
  return rowsOf('100 vectors × 768', '≥ 0.8', results);
}

function toVector(bytes) {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return new Float32Array(copy.buffer);
}
