import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type Cache, createCache } from '../../src/modules/cache/index.js';
import type { RedisSource } from '../../src/modules/redis/index.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinel } from '../support/redis-sentinel.js';

jest.setTimeout(90_000);

const KEYS = Array.from({ length: 12 }, (_, i) => `product:${i}`);

/** Two instances over one source of truth: each write changes the source, then invalidates. */
class Shop {
  readonly failures: string[] = [];
  private readonly truth = new Map(KEYS.map((key) => [key, 0]));
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly caches: readonly [Cache, Cache]) {
    this.running = Promise.all([this.write(), this.read(), this.read()]).then(() => {});
  }

  load(cache: Cache, key: string): Promise<number> {
    return cache.getOrLoad(key, () => this.truth.get(key)!, { ttlMs: 600_000 });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** What an instance serves that is not the truth, now that nobody writes. */
  async stale(cache: Cache): Promise<string[]> {
    const values = await Promise.all(KEYS.map((key) => this.load(cache, key)));
    return KEYS.filter((key, i) => values[i] !== this.truth.get(key));
  }

  private async write(): Promise<void> {
    for (let round = 1; !this.stopping.signal.aborted; round++) {
      const key = KEYS[round % KEYS.length]!;
      this.truth.set(key, round);
      await this.caches[0].delete(key);
      // At once on the instance that invalidated, whether Redis took it or not.
      const value = await this.load(this.caches[0], key);
      if (value !== round) this.failures.push(`${key}: ${value} instead of ${round}`);
      await nextTurn();
    }
  }

  private async read(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await Promise.all(this.caches.map((cache) => this.load(cache, KEYS[Math.floor(Math.random() * KEYS.length)]!)));
      await nextTurn();
    }
  }
}

interface Fault {
  readonly name: string;
  /** Starts servers. */
  start(): Promise<{ source: RedisSource; strike(): Promise<void>; stop(): Promise<void> }>;
}

const faults: Fault[] = [
  {
    name: 'the Sentinels fail over a master that is well, and it forgets what it acknowledged',
    async start() {
      const redis = await RedisSentinel.start();
      return { source: redis.source, strike: async () => void (await redis.failover()), stop: () => redis.stop() };
    },
  },
  {
    name: 'a master behind Sentinel dies',
    async start() {
      const redis = await RedisSentinel.start();
      const strike = async () => {
        const master = await redis.master();
        await master.kill();
        await redis.failedOver(master);
      };
      return { source: redis.source, strike, stop: () => redis.stop() };
    },
  },
  {
    name: 'a master of a Cluster dies',
    async start() {
      const redis = await RedisCluster.start();
      const strike = async () => {
        await (await redis.masters())[0]!.kill();
        await redis.healed();
      };
      return { source: redis.source, strike, stop: () => redis.stop() };
    },
  },
];

describe.each(faults)('when $name', ({ start }) => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  it('no request fails, the writer never sees the past, and in the end nobody does', async () => {
    const redis = await start();
    const caches: [Cache, Cache] = [createCache({ redis: redis.source }), createCache({ redis: redis.source })];
    ends.push(...caches.map((cache) => () => cache.close()), () => redis.stop());
    const areUp = () => expect(caches.map((cache) => cache.stats().redis)).toEqual(['up', 'up']);
    await eventually(areUp, { timeoutMs: 10_000 });
    const shop = new Shop(caches);
    ends.unshift(() => shop.stop());

    await redis.strike();
    await eventually(areUp, { timeoutMs: 20_000 });
    await shop.stop();

    expect(shop.failures).toEqual([]);
    await eventually(() =>
      expect(caches.map((cache) => [cache.stats().isCoherent, cache.stats().queuedInvalidations])).toEqual([
        [true, 0],
        [true, 0],
      ]),
    );
    await eventually(async () => expect(await Promise.all(caches.map((cache) => shop.stale(cache)))).toEqual([[], []]));
  });
});
