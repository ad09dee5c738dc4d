import { Redis } from 'ioredis';
import { larder } from '../engine/larder.mjs';
import { throughput } from './rounds.mjs';

/** 100 records as the gateway keeps them: 20 bytes of its own before 768 numbers. */
const keys = Array.from({ length: 100 }, (_, i) => `v:${i}`);
const numbers = () => Float32Array.from({ length: 768 }, () => Math.random());
const records = keys.map(() => {
  const record = new Uint8Array(20 + 4 * 768);
  record.set(new Uint8Array(numbers().buffer), 20);
  return record;
});

/** Reads of all records from Redis, without a memory tier. */
export const contenders = {
  // A caller that keeps a vector has to copy it: a slice of the socket's chunk keeps the chunk, and is not aligned.
  'ioredis MGET of buffers, each copied': async ({ url }) => {
    const redis = await withRecords(url, 'raw', (i) => Buffer.from(records[i]));
    return reads(async () => (await redis.mgetBuffer(namesOf('raw'))).map((bytes) => Uint8Array.from(bytes)));
  },
  getMany: async ({ url }) => {
    const cache = await larder({ namespace: 'bench', redis: url, memory: false });
    for (const [i, key] of keys.entries()) await cache.set(key, records[i]);
    return reads(() => cache.getMany(keys));
  },
  'ioredis MGET of buffers': async ({ url }) => {
    const redis = await withRecords(url, 'bare', (i) => Buffer.from(records[i]));
    return reads(() => redis.mgetBuffer(namesOf('bare')));
  },
  'ioredis MGET + JSON.parse': async ({ url }) => {
    const redis = await withRecords(url, 'json', () => JSON.stringify([...numbers()]));
    return reads(async () => (await redis.mget(namesOf('json'))).map((vector) => JSON.parse(vector)), 100);
  },
};

const namesOf = (prefix) => keys.map((key) => `${prefix}:${key}`);

async function withRecords(url, prefix, valueOf) {
  const redis = new Redis(url);
  for (const [i, name] of namesOf(prefix).entries()) await redis.set(name, valueOf(i));
  return redis;
}

function reads(read, count = 1_000) {
  return { reads: () => throughput(read, count, 1) };
}
