import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { isolate } from '../lib/isolated.mjs';
import { throughput } from '../lib/rounds.mjs';
import { larder } from './larder.mjs';
import { rowsOf } from './table-rows.mjs';

const keys = Array.from({ length: 100 }, (_, i) => `v:${i}`);
const vectorOf = () => Float32Array.from({ length: 768 }, () => Math.random());

/** A batch of vectors from Redis. */
export async function vectors({ redis, rounds }) {
  const contenders = await isolate(import.meta.url, { url: redis.url, port: redis.port });
  const results = await contenders.measure('batches', [], { rounds });
  await contenders.stop();
  return rowsOf('100 vectors × 768', '≥ 0.8', results);
}

export const contenders = {
  'ioredis MGET to Float32Array': async ({ url }) => {
    const redis = new Redis(url);
    for (const key of keys) await redis.set(key, Buffer.from(vectorOf().buffer));
    return batches(async () => (await redis.mgetBuffer(keys)).map(toVector));
  },
  larder: async ({ url }) => {
    const cache = await larder({ namespace: 'vectors', redis: url, memory: false });
    for (const key of keys) await cache.set(key, vectorOf());
    return batches(() => cache.getMany(keys));
  },
  BentoCache: async ({ port }) => {
    const stores = { r: bentostore().useL2Layer(redisDriver({ connection: { port } })) };
    const bento = new BentoCache({ default: 'r', stores });
    for (const key of keys) await bento.set({ key, value: [...vectorOf()], ttl: '10m' });
    return batches(() => Promise.all(keys.map((key) => bento.get({ key }))), 100);
  },
};

function batches(read, count = 1_000) {
  return { batches: () => throughput(read, count, 1) };
}

function toVector(bytes) {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return new Float32Array(copy.buffer);
}
