import { setTimeout as delay } from 'node:timers/promises';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { createRedisPool, type RedisPool, type RedisSource } from '../../../src/modules/redis/library.js';
import { eventually } from '../../support/eventually.js';
import type { FaultReport } from './fault-report.js';
import { Latencies } from './latencies.js';
import { pace } from './pace.js';
import { SourceOfTruth } from './source-of-truth.js';
import { SEED, seededRandom } from '../../support/seeded-random.js';

const random = seededRandom(SEED);
const KEYS = Array.from({ length: 30 }, (_, i) => `k${i}`);
const LOADER_MS = 5;
const READS_PER_SECOND = 400;
const SETS_PER_SECOND = 20;
/** Load before anything happens. */
const WARM_UP_MS = 250;
/** Reads go on for this long after the last invalidation. */
const WATCH_MS = 250;
/** The promise for invalidations of another instance: two heartbeats and the unconfirmed second, then five seconds for entries that were loaded meanwhile. */
const STATED_BOUND_MS = 7_000;
const AGES = { '0.1 s': 100, '1 s': 1_000, '10 s': 10_000 };
type Age = keyof typeof AGES;

/** The load; every field has a default. */
export interface LoadOptions {
  /** Changes of the source of truth. Default 200: each of the 30 keys about seven times. */
  invalidationsPerSecond?: number;
}

/** How a run goes; every field has a default. */
export interface ThroughOptions {
  /** Reads go on for this long after the last invalidation, ms. Default 250; past 10,000 the oldest stale reads are seen. */
  watchMs?: number;
}

/**
 * Two instances under a steady load while something happens to Redis: reads with a loader of 5 ms, changes of the source of
 * truth each followed by an invalidation, by key or by tag, and sets. Every read is checked against the promise: at once on
 * the instance that invalidated, within the stated bound on the other.
 */
export class FaultRun {
  readonly #source = new SourceOfTruth(KEYS);
  readonly #latencies = new Latencies();
  readonly #stale: Record<Age, number> = { '0.1 s': 0, '1 s': 0, '10 s': 0 };
  readonly #broken: string[] = [];
  readonly #reasons = new Set<string>();
  readonly #failedSets: string[] = [];
  #requests = 0;
  #failures = 0;
  #loads = 0;
  #queued = 0;
  #isReading = false;
  #isWriting = false;

  private constructor(
    private readonly redis: RedisSource,
    readonly pools: readonly [RedisPool, RedisPool],
    readonly caches: readonly [Cache, Cache],
    private readonly invalidationsPerSecond: number,
  ) {
    for (const { monitor } of pools) monitor.onChange(() => this.#noteReason(monitor));
  }

  static open(redis: RedisSource, { invalidationsPerSecond = 200 }: LoadOptions = {}): FaultRun {
    const openPool = () => createRedisPool(redis, { monitor: { probeKeyPrefix: 'faults' } });
    const open = (pool: RedisPool) => createCache({ namespace: 'faults', redis: pool, ttlMs: 60_000 });
    const pools: [RedisPool, RedisPool] = [openPool(), openPool()];
    return new FaultRun(redis, pools, [open(pools[0]), open(pools[1])], invalidationsPerSecond);
  }

  /** Resolves when both instances trust Redis for reads and writes, and nothing waits to be sent. */
  async healthy(): Promise<void> {
    const isHealthy = expect.objectContaining({ redis: 'up', isCoherent: true, queuedInvalidations: 0 });
    await eventually(() => expect(this.caches.map((cache) => cache.stats())).toEqual([isHealthy, isHealthy]));
  }

  /** Keeps the load going while `strike` runs, which resolves when Redis is well again, and until both instances are. */
  async through(strike: () => Promise<void>, { watchMs = WATCH_MS }: ThroughOptions = {}): Promise<FaultReport> {
    this.#isReading = this.#isWriting = true;
    const startedAtMs = performance.now();
    const reads = pace(
      READS_PER_SECOND,
      () => this.#isReading,
      (dueMs) => this.#read(dueMs),
    );
    const writes = Promise.all([
      pace(
        this.invalidationsPerSecond,
        () => this.#isWriting,
        () => this.#invalidate(),
      ),
      pace(
        SETS_PER_SECOND,
        () => this.#isWriting,
        (dueMs) => this.#set(`set:${dueMs}`),
      ),
    ]);
    await delay(WARM_UP_MS);

    const [struckAtMs, loadsBefore] = [performance.now(), this.#loads];
    await strike();
    const backAtMs = performance.now();
    await this.#hitsAreBack();
    const hitsBackMs = Math.round(performance.now() - backAtMs);
    await this.healthy();
    const wellAtMs = performance.now();
    const loads = this.#loads - loadsBefore;

    this.#isWriting = false;
    await writes;
    await delay(watchMs);
    this.#isReading = false;
    await reads;
    const watchedMs = performance.now() - startedAtMs;
    await this.healthy();
    await this.#everyKeyIsCurrent();

    return {
      requests: this.#requests,
      failures: this.#failures,
      ...this.#latencies.between(struckAtMs, wellAtMs),
      hitsBackMs,
      wellMs: Math.round(wellAtMs - backAtMs),
      stale: this.#staleSeenWithin(watchedMs),
      broken: this.#broken,
      loads,
      queued: this.#queued,
      failedSets: this.#failedSets.length,
      ghosts: await this.#ghosts(),
      reasons: [...this.#reasons].toSorted(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.caches.map((cache) => cache.close()));
    await Promise.all(this.pools.map((pool) => pool.close()));
  }

  async #read(dueMs: number): Promise<void> {
    for (const { monitor } of this.pools) this.#noteReason(monitor);
    const [cache, key] = [pick(this.caches), pick(KEYS)];
    const readAtMs = performance.now();
    this.#requests++;
    try {
      this.#check(cache, key, await this.#load(cache, key), readAtMs);
    } catch {
      this.#failures++;
    }
    this.#latencies.add(dueMs);
  }

  #check(cache: Cache, key: string, version: number, readAtMs: number): void {
    const staleMs = this.#source.staleMs(key, version, readAtMs);
    for (const age of Object.keys(AGES) as Age[]) if (staleMs >= AGES[age]) this.#stale[age]++;
    if (staleMs > STATED_BOUND_MS) this.#broken.push(`${key}: version ${version} ${Math.round(staleMs)} ms later`);
    if (this.#source.isStaleFor(cache, key, version, readAtMs))
      this.#broken.push(`${key}: version ${version}, where it had been invalidated`);
  }

  #load(cache: Cache, key: string): Promise<number> {
    return cache.getOrLoad(
      key,
      async () => {
        this.#loads++;
        const version = this.#source.versionOf(key);
        await delay(LOADER_MS);
        return version;
      },
      { tags: [key] },
    );
  }

  async #invalidate(): Promise<void> {
    const [cache, key] = [pick(this.caches), pick(KEYS)];
    await this.#source.change(key, cache, async () => {
      const { status } = await (random() < 0.5 ? cache.delete(key) : cache.invalidateTags([key]));
      if (status === 'queued') this.#queued++;
    });
  }

  async #set(key: string): Promise<void> {
    const cache = pick(this.caches);
    const { status } = await cache.set(key, key);
    if (status !== 'queued') return;
    // The value would be sent when Redis is there. After a delete it must not come back.
    await cache.delete(key);
    this.#failedSets.push(key);
  }

  #noteReason({ state, reason }: RedisPool['monitor']): void {
    if (state !== 'up') this.#reasons.add(reason);
  }

  async #hitsAreBack(): Promise<void> {
    const before = this.caches.map((cache) => cache.stats().hits.redis);
    await eventually(() => expect(this.caches.every((cache, i) => cache.stats().hits.redis > before[i]!)).toBe(true));
  }

  async #everyKeyIsCurrent(): Promise<void> {
    for (const cache of this.caches)
      for (const key of KEYS)
        await eventually(async () =>
          expect([key, await this.#load(cache, key)]).toEqual([key, this.#source.versionOf(key)]),
        );
  }

  /** An age is only seen where reads went on for so long. */
  #staleSeenWithin(watchedMs: number): FaultReport['stale'] {
    const seen = (age: Age) => (watchedMs > AGES[age] ? this.#stale[age] : undefined);
    return { '0.1 s': seen('0.1 s'), '1 s': seen('1 s'), '10 s': seen('10 s') };
  }

  /** Values of sets that were given up and deleted after that, if an instance that begins now finds them in Redis. */
  async #ghosts(): Promise<number> {
    const cache = createCache({ namespace: 'faults', redis: this.redis, memory: false });
    await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    const found = await cache.getMany(this.#failedSets, { consistency: 'strict' });
    await cache.close();
    return found.size;
  }
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(random() * items.length)]!;
}
