/** The engine against a plain Map, raw ioredis, BentoCache and cache-manager. `npm run bench:engine` */
import { Redis } from 'ioredis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache as createCacheManager } from 'cache-manager';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
const { createCache } = await import(process.env.LARDER_ENTRY ?? '../dist/index.js');
import { startRedis } from './lib/redis.mjs';
import { interleave, throughput } from './lib/rounds.mjs';
import { printTable, rate, ratio } from './lib/table.mjs';

const only = process.argv[2];
const rounds = Number(process.env.ROUNDS ?? 9);
const rows = [];
const add = (scenario, target, results, baseline) => {
  for (const [name, { rate: r, ratio: x }] of Object.entries(results)) {
    rows.push([scenario, name, rate(r), name === baseline ? '1' : ratio(x), name === 'larder' ? target : '']);
  }
};
const isWanted = (name) => only === undefined || name.startsWith(only);

/** A JSON object of about 1 KB. */
const kilobyte = {
  id: 42,
  name: 'a cup',
  tags: ['kitchen', 'cup'],
  description: 'x'.repeat(700),
  prices: Array.from({ length: 20 }, (_, i) => ({ c: `c${i}` })),
};
const text = JSON.stringify(kilobyte);

const redis = await startRedis();
const raw = new Redis(redis.url);
await raw.ping();

async function ready(cache) {
  while (cache.stats().redis !== 'up' || !cache.stats().isCoherent)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return cache;
}

if (isWanted('memory')) {
  const cache = createCache({ namespace: 'memory', memory: { maxBytes: 2 ** 31 } });
  const bento = new BentoCache({
    default: 'm',
    stores: { m: bentostore().useL1Layer(memoryDriver({ maxSize: '64mb' })) },
  });
  const bentoPlain = new BentoCache({
    default: 'm',
    stores: { m: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000, serialize: false })) },
  });
  const manager = createCacheManager({ ttl: 600_000 });
  const map = new Map();
  const load = () => kilobyte;
  for (const size of [1_000, 1_000_000]) {
    const keys = Array.from({ length: size }, (_, i) => `product:${i}`);
    const n = 200_000;
    for (const key of keys) {
      map.set(key, kilobyte);
      await cache.getOrLoad(key, load, { ttlMs: 600_000, tags: [] });
    }
    const plain = async (key) => map.get(key);
    const contenders = {
      'Map behind an async function': () => throughput((i) => plain(keys[i % size]), n, 1),
      larder: () => throughput((i) => cache.getOrLoad(keys[i % size], load), n, 1),
    };
    if (size === 1_000) {
      for (const key of keys) {
        await cache.getOrLoad(`t:${key}`, load, { tags: ['a', 'b', `product`] });
        await bento.getOrSet({ key, factory: load, ttl: '10m' });
        await bentoPlain.getOrSet({ key, factory: load, ttl: '10m' });
        await manager.wrap(key, load, 600_000);
      }
      const tagged = keys.map((key) => `t:${key}`);
      contenders['larder, 3 tags'] = () => throughput((i) => cache.getOrLoad(tagged[i % size], load), n, 1);
      contenders['BentoCache (serialize: false)'] = () =>
        throughput((i) => bentoPlain.getOrSet({ key: keys[i % size], factory: load, ttl: '10m' }), n / 10, 1);
      contenders.BentoCache = () =>
        throughput((i) => bento.getOrSet({ key: keys[i % size], factory: load, ttl: '10m' }), n / 20, 1);
      contenders['cache-manager'] = () => throughput((i) => manager.wrap(keys[i % size], load, 600_000), n / 20, 1);
    }
    add(
      `memory hit, ${size} entries`,
      '≥ 0.5 (3 tags ≥ 0.4)',
      await interleave(contenders, { rounds }),
      'Map behind an async function',
    );
  }
  await cache.close();
}

if (isWanted('redis')) {
  const cache = await ready(createCache({ namespace: 'hits', redis: redis.url, memory: false, ttlMs: 600_000 }));
  const bento = new BentoCache({
    default: 'r',
    stores: { r: bentostore().useL2Layer(redisDriver({ connection: { port: redis.port } })) },
  });
  const manager = createCacheManager({ stores: [new Keyv({ store: new KeyvRedis(redis.url) })], ttl: 600_000 });
  const keys = Array.from({ length: 1_000 }, (_, i) => `k:${i}`);
  const load = () => kilobyte;
  for (const key of keys) {
    await raw.set(key, text);
    await cache.set(key, kilobyte);
    await bento.set({ key, value: kilobyte, ttl: '10m' });
    await manager.set(key, kilobyte);
  }
  await raw.config('RESETSTAT');
  for (const concurrency of [1, 64, 512]) {
    const n = concurrency === 1 ? 5_000 : 20_000;
    const results = await interleave(
      {
        'ioredis GET + JSON.parse': () =>
          throughput(async (i) => JSON.parse(await raw.get(keys[i % 1_000])), n, concurrency),
        larder: () => throughput((i) => cache.getOrLoad(keys[i % 1_000], load), n, concurrency),
        BentoCache: () =>
          throughput((i) => bento.getOrSet({ key: keys[i % 1_000], factory: load, ttl: '10m' }), n / 4, concurrency),
        'cache-manager': () => throughput((i) => manager.get(keys[i % 1_000]), n / 4, concurrency),
      },
      { rounds },
    );
    add(
      `Redis hit, 1 KB, concurrency ${concurrency}`,
      `≥ ${{ 1: 0.95, 64: 1.3, 512: 1.8 }[concurrency]}`,
      results,
      'ioredis GET + JSON.parse',
    );
  }
  console.log(
    (await raw.info('commandstats'))
      .split('\n')
      .filter((line) => /cmdstat_(get|mget|evalsha)/.test(line))
      .join('\n'),
  );
  await cache.close();
  await bento.disconnectAll();
  await manager.disconnect();
}

if (isWanted('vectors')) {
  const cache = await ready(createCache({ namespace: 'vectors', redis: redis.url, memory: false, ttlMs: 600_000 }));
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
  const toVector = (bytes) => {
    const copy = new Uint8Array(bytes.length);
    copy.set(bytes);
    return new Float32Array(copy.buffer);
  };
  add(
    '100 vectors × 768',
    '≥ 0.8',
    await interleave(
      {
        'ioredis MGET to Float32Array': () =>
          throughput(async () => (await raw.mgetBuffer(keys)).map(toVector), 300, 1),
        larder: () => throughput(() => cache.getMany(keys), 300, 1),
        BentoCache: () => throughput(() => Promise.all(keys.map((key) => bento.get({ key }))), 50, 1),
      },
      { rounds },
    ),
    'ioredis MGET to Float32Array',
  );
  await cache.close();
  await bento.disconnectAll();
}

if (isWanted('fill')) {
  const cache = await ready(createCache({ namespace: 'fill', redis: redis.url, memory: false, ttlMs: 600_000 }));
  await raw.script('LOAD', 'return 1');
  let k = 0;
  add(
    'miss and fill (GET, load, SET against GET, lease, load, fenced fill)',
    '',
    await interleave(
      {
        'ioredis GET + SET': () =>
          throughput(
            async () => {
              const key = `f:${k++}`;
              await raw.get(key);
              await raw.set(key, text, 'PX', 600_000);
            },
            1_000,
            1,
          ),
        larder: () => throughput(() => cache.getOrLoad(`f:${k++}`, () => kilobyte), 1_000, 1),
      },
      { rounds },
    ),
    'ioredis GET + SET',
  );
  await cache.close();
}

if (isWanted('visible')) {
  const a = await ready(createCache({ namespace: 'visible', redis: redis.url, ttlMs: 600_000 }));
  const b = await ready(createCache({ namespace: 'visible', redis: redis.url, ttlMs: 600_000 }));
  const sub = new Redis(redis.url);
  const pub = new Redis(redis.url);
  await sub.subscribe('raw');
  let arrived;
  sub.on('message', () => arrived());
  b.on('invalidationReceived', () => arrived());
  const latency = async (send) => {
    const seen = new Promise((resolve) => (arrived = resolve));
    const startedAt = performance.now();
    void send();
    await seen;
    return 1 / (performance.now() - startedAt);
  };
  const many = async (send) => {
    const rates = [];
    for (let i = 0; i < 300; i++) rates.push(await latency(send));
    return rates.sort((x, y) => x - y)[150] * 1_000;
  };
  const results = await interleave(
    { 'raw PUBLISH': () => many(() => pub.publish('raw', 'x')), larder: () => many(() => a.delete('k')) },
    { rounds },
  );
  rows.push([
    'invalidation to visible on another instance, p50',
    'raw PUBLISH',
    `${(1e6 / results['raw PUBLISH'].rate).toFixed(0)} µs`,
    '1',
    '',
  ]);
  rows.push([
    '',
    'larder',
    `${(1e6 / results.larder.rate).toFixed(0)} µs`,
    ratio(1 / results.larder.ratio),
    '≤ 1.5 (of latency)',
  ]);
  sub.disconnect();
  pub.disconnect();
  await a.close();
  await b.close();
}

raw.disconnect();
await redis.stop();
printTable(['scenario', 'contender', 'rate', 'ratio', 'target'], rows);
process.exit(0);
