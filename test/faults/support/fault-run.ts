import { setTimeout as delay } from 'node:timers/promises';
import type { Cache } from '../../../src/modules/cache/engine/cache.js';
import type { CacheOptions } from '../../../src/modules/cache/engine/create-cache.options.js';
import { createCache } from '../../../src/modules/cache/engine/create-cache.js';
import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis-server.js';

const KEYS = 30;
const LOADER_MS = 5;
/** How often each of the three loops (reads, writes, audits) runs. */
const BEAT_MS = 5;
/** Promised on other instances while the log can't be followed: two heartbeats, the unconfirmed second, the fallback's five, and room for a busy machine. */
const STATED_BOUND_MS = 10_000;

/** What a run saw. */
export interface FaultReport {
  requests: number;
  failures: number;
  /** Reads that returned less than the promise allows. */
  stale: string[];
  loads: number;
  queued: number;
  p99Ms: number;
  worstMs: number;
}

interface Source {
  version: number;
  /** When each version was known to hold everywhere, oldest first. */
  readonly acknowledged: { version: number; atMs: number; by: Cache }[];
}

/**
 * Two instances under a steady load while something happens to Redis: reads with a loader of 5 ms, and writes to the
 * source of truth followed by an invalidation, by key or by tag. Every read is checked against the promise: at once on the
 * instance that invalidated, within the stated bound on the other.
 */
export class FaultRun {
  readonly report: FaultReport = { requests: 0, failures: 0, stale: [], loads: 0, queued: 0, p99Ms: 0, worstMs: 0 };
  readonly #source = new Map<string, Source>();
  readonly #latencies: number[] = [];
  #isRunning = false;
  #loops: Promise<void>[] = [];

  private constructor(readonly caches: readonly [Cache, Cache]) {
    for (let i = 0; i < KEYS; i++) this.#source.set(`k${i}`, { version: 0, acknowledged: [] });
  }

  static open(redis: Pick<RedisServer, 'url'>, options: Partial<CacheOptions> = {}): FaultRun {
    const open = (): Cache => createCache({ namespace: 'faults', redis: redis.url, ttlMs: 60_000, ...options });
    return new FaultRun([open(), open()]);
  }

  /** Resolves when both instances trust Redis and nothing waits to be sent. */
  async healthy(timeoutMs = 20_000): Promise<void> {
    const isHealthy = expect.objectContaining({ redis: 'up', isCoherent: true, queuedInvalidations: 0 });
    await eventually(() => expect(this.caches.map((cache) => cache.stats())).toEqual([isHealthy, isHealthy]), {
      timeoutMs,
    });
  }

  /** Keeps the load going while `during` runs, then waits for health and for hits, and checks every key once more. */
  async through(during: () => Promise<void>): Promise<FaultReport> {
    this.start();
    await delay(150);
    await during();
    await this.healthy();
    await this.#hitsAreBack();
    await this.stop();
    await this.#everyKeyIsCurrent();
    return this.report;
  }

  start(): void {
    this.#isRunning = true;
    this.#loops = [this.#loop(() => this.#read()), this.#loop(() => this.#read()), this.#loop(() => this.#write())];
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    this.report.p99Ms = Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
    this.report.worstMs = Math.round(sorted.at(-1) ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.caches.map((cache) => cache.close()));
  }

  async #loop(step: () => Promise<void>): Promise<void> {
    const steps: Promise<void>[] = [];
    while (this.#isRunning) {
      steps.push(step());
      await delay(BEAT_MS);
    }
    await Promise.all(steps);
  }

  async #read(): Promise<void> {
    const cache = this.caches[Math.random() < 0.5 ? 0 : 1]!;
    const [key, source] = this.#pick();
    const startedAtMs = performance.now();
    const least = this.#leastAllowed(source, cache, startedAtMs);
    this.report.requests++;
    try {
      const version = await this.#load(cache, key);
      if (version < least) this.report.stale.push(`${key}: read ${version}, at least ${least} was due`);
    } catch {
      this.report.failures++;
    }
    this.#latencies.push(performance.now() - startedAtMs);
  }

  async #write(): Promise<void> {
    const cache = this.caches[Math.random() < 0.5 ? 0 : 1]!;
    const [key, source] = this.#pick();
    const version = ++source.version;
    const { status } = await (Math.random() < 0.5 ? cache.delete(key) : cache.invalidateTags([key]));
    if (status === 'queued') this.report.queued++;
    // What is queued holds on the instance that said so; elsewhere from when it was sent, which the last check covers.
    source.acknowledged.push({
      version,
      atMs: status === 'applied' ? performance.now() : Number.POSITIVE_INFINITY,
      by: cache,
    });
  }

  #leastAllowed(source: Source, reader: Cache, nowMs: number): number {
    let least = 0;
    for (const { version, atMs, by } of source.acknowledged) {
      if (by === reader || nowMs - atMs > STATED_BOUND_MS) least = Math.max(least, version);
    }
    return least;
  }

  #load(cache: Cache, key: string): Promise<number> {
    return cache.getOrLoad(
      key,
      async () => {
        this.report.loads++;
        const { version } = this.#source.get(key)!;
        await delay(LOADER_MS);
        return version;
      },
      { tags: [key] },
    );
  }

  async #hitsAreBack(): Promise<void> {
    const before = this.caches.map((cache) => cache.stats().hits.redis);
    await eventually(() => expect(this.caches.every((cache, i) => cache.stats().hits.redis > before[i]!)).toBe(true), {
      timeoutMs: 10_000,
    });
  }

  async #everyKeyIsCurrent(): Promise<void> {
    for (const cache of this.caches) {
      for (const [key, { version }] of this.#source) {
        await eventually(async () => expect([key, await this.#load(cache, key)]).toEqual([key, version]), {
          timeoutMs: STATED_BOUND_MS,
        });
      }
    }
  }

  #pick(): [string, Source] {
    const key = `k${Math.floor(Math.random() * KEYS)}`;
    return [key, this.#source.get(key)!];
  }
}
