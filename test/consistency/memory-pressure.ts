import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../support/redis-server.js';

const FILLER = 'x'.repeat(2_000);
const FILLERS_PER_BATCH = 20;
const PAUSE_MS = 10;
/** Room beside what Redis uses when it is empty, bytes: a few hundred fillers, and less than the invalidation log may take. */
const ROOM_BYTES = 600_000;

/** The policies of Redis that a cache may be run with. */
export type EvictionPolicy = 'allkeys-lru' | 'allkeys-lfu' | 'volatile-lfu' | 'noeviction';

/** A Redis with little memory under an eviction policy, into which a stream of other keys is written. */
export class MemoryPressure {
  readonly #control: Redis;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  /** Writes that Redis refused. */
  refused = 0;

  private constructor(redis: RedisServer) {
    this.#control = redis.client({ maxRetriesPerRequest: null });
  }

  static async start(redis: RedisServer, policy: EvictionPolicy): Promise<MemoryPressure> {
    const pressure = new MemoryPressure(redis);
    const used = Number(/used_memory:(\d+)/.exec(await pressure.#control.info('memory'))![1]);
    await pressure.#control.config('SET', 'maxmemory-policy', policy);
    await pressure.#control.config('SET', 'maxmemory', String(used + ROOM_BYTES));
    pressure.#running = pressure.#run();
    return pressure;
  }

  /** Ends the stream and gives Redis its memory back. Resolves to the number of keys that were evicted. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#running;
    await this.#control.config('SET', 'maxmemory', '0');
    const evicted = Number(/evicted_keys:(\d+)/.exec(await this.#control.info('stats'))![1]);
    this.#control.disconnect();
    return evicted;
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const batch = this.#control.pipeline();
      for (let j = 0; j < FILLERS_PER_BATCH; j++) batch.set(`filler:${i % 100}:${j}`, FILLER, 'PX', 1_000);
      const results = await batch.exec();
      this.refused += results?.filter(([error]) => error !== null).length ?? 0;
      await delay(PAUSE_MS);
    }
  }
}
