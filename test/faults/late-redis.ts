/**
 * What a Redis that is a little late costs: `npm run bench:late`. Prints the table of `docs/guides/outages.md`.
 *
 * Each cell has its own proxy, pool and cache, and makes 20 reads one after the other. A reply that carries a stored value is
 * late, each, every second, or one in ten of them. Other replies are in time.
 */
import { Controller, Get } from '@nestjs/common';
import { type Cache, CacheResponse, createCache } from '../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../src/modules/redis/index.js';
import { CacheManagerStore } from '../../src/modules/cache/interop/cache-manager.store.js';
import { type CacheApp, startCacheApp } from '../support/cache-app.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const READS = 20;
const BATCH = 20;
const LOAD_MS = 20;
const DELAYS_MS = [0, 20, 80, 300];
const PATTERNS = { every: 1, 'every second': 2, 'one in ten': 10 } as const;
const VALUE = 'the-stored-value';
const READ_BUDGET = { REDIS_READ_BUDGET_MIN: '10ms', REDIS_READ_BUDGET_MAX: '50ms', REDIS_READ_LATE_MAX: '500ms' };
const HOUR_MS = 3_600_000;

/** Reads of one cell, and what became of them. */
interface Cell {
  loads: number;
  errors: number;
}

/** The caches of one cell. */
interface Bench {
  readonly cache: Cache;
  readonly pool: RedisPool;
  /** Stores past the proxy. */
  readonly seeder: Cache;
  readonly cell: Cell;
}

type Read = (bench: Bench, key: string) => Promise<void>;

const load = async ({ cell }: Bench): Promise<string> => {
  cell.loads++;
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  return VALUE;
};
const fail = async ({ cell }: Bench): Promise<never> => {
  cell.loads++;
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  throw new Error('The source is down.');
};
const countError = async (cell: Cell, read: () => Promise<unknown>): Promise<void> => {
  const value = await read().catch(() => undefined);
  if (value === undefined) cell.errors++;
};

/** An error: the caller got no value, or waited for a loader in spite of `softTimeoutMs: 0`. */
const READS_OF: Record<string, { isStale?: boolean; read: Read }> = {
  hit: { read: (bench, key) => countError(bench.cell, () => bench.cache.getOrLoad(key, () => load(bench))) },
  grace: {
    isStale: true,
    read: (bench, key) =>
      countError(bench.cell, () => bench.cache.getOrLoad(key, () => fail(bench), { failSafeThrottleMs: 0 })),
  },
  'soft time-out': {
    isStale: true,
    read: (bench, key) =>
      countError(bench.cell, () =>
        bench.cache.getOrLoad<string>(
          key,
          () => new Promise((resolve) => (bench.cell.loads++, setTimeout(() => resolve(undefined as never), 1_000))),
          { softTimeoutMs: 0, negativeTtlMs: 0 },
        ),
      ),
  },
  get: { read: (bench, key) => countError(bench.cell, () => bench.cache.get(key)) },
  batch: {
    read: (bench, key) =>
      countError(bench.cell, () =>
        bench.cache.getOrLoadMany(
          Array.from({ length: BATCH }, (_, i) => `${key}:${i}`),
          async (missing) => {
            bench.cell.loads += missing.length;
            await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
            return new Map(missing.map((one) => [one, VALUE]));
          },
        ),
      ),
  },
};

@Controller('report')
class Reports {
  isFailing = false;
  runs = 0;

  @Get(':id')
  @CacheResponse({ ttl: '1ms', scope: 'public', staleIfError: '1h' })
  async get(): Promise<{ text: string }> {
    this.runs++;
    if (this.isFailing) throw new Error('The source is down.');
    return { text: VALUE };
  }
}

/** Lets replies that carry a value pass late. */
function delayReplies(proxy: TcpProxy, delayMs: number, every: number): void {
  let replies = 0;
  let isLate = false;
  proxy.faults.fateOf = (chunk, direction) => {
    isLate = direction === 'reply' && (chunk.includes(VALUE) || chunk.includes(ENCODED)) && ++replies % every === 0;
    return 'pass';
  };
  proxy.faults.delayMs = () => (isLate ? delayMs : 0);
}
const ENCODED = Buffer.from(VALUE).toString('base64url').slice(0, 12);

async function engineCell(redis: RedisServer, name: string, delayMs: number, every: number): Promise<Cell> {
  const { isStale, read } = READS_OF[name]!;
  const proxy = await TcpProxy.start(redis.port);
  const pool = createRedisPool(proxy.url, { monitor: { budget: { floorMs: 10, capMs: 50, lateMs: 500 } } });
  const namespace = `late-${name.replaceAll(' ', '-')}-${delayMs}-${every}`;
  const cache = createCache({ redis: pool, memory: false, namespace });
  const seeder = createCache({ redis: redis.url, memory: false, namespace });
  await Promise.all([cache.ready(5_000), seeder.ready(5_000)]);
  const keys = Array.from({ length: READS }, (_, i) => `k${i}`);
  const stored =
    name === 'batch' ? keys.flatMap((key) => Array.from({ length: BATCH }, (_, i) => `${key}:${i}`)) : keys;
  for (const key of stored) await seeder.set(key, VALUE, isStale === true ? { ttlMs: 0, graceMs: HOUR_MS } : {});
  const cell = { loads: 0, errors: 0 };
  delayReplies(proxy, delayMs, every);
  for (const key of keys) await read({ cache, pool, seeder, cell }, key);
  delayReplies(proxy, 0, 1);
  await Promise.all([cache.close(), seeder.close()]);
  await pool.close();
  await proxy.stop();
  return cell;
}

async function cacheManagerCell(redis: RedisServer, delayMs: number, every: number): Promise<Cell> {
  const proxy = await TcpProxy.start(redis.port);
  const pool = createRedisPool(proxy.url, { monitor: { budget: { floorMs: 10, capMs: 50, lateMs: 500 } } });
  await pool.monitor.waitUntilUp(5_000);
  const store = new CacheManagerStore(pool, createCache(), { prefix: `late:${delayMs}:${every}:`, memoryTtlMs: 0 });
  const text = `larder:1:${ENCODED}`;
  for (let i = 0; i < READS; i++) await store.set(`k${i}`, text);
  const cell = { loads: 0, errors: 0 };
  delayReplies(proxy, delayMs, every);
  for (let i = 0; i < READS; i++) await countError(cell, () => store.get(`k${i}`));
  await store.disconnect();
  await pool.close();
  await proxy.stop();
  return cell;
}

async function staleIfErrorCell(redis: RedisServer, delayMs: number, every: number): Promise<Cell> {
  const proxy = await TcpProxy.start(redis.port);
  const env = {
    ...READ_BUDGET,
    REDIS_URL: proxy.url,
    CACHE_MEMORY_MAX_BYTES: '0',
    CACHE_NAMESPACE: `http-${delayMs}-${every}`,
  };
  const app: CacheApp = await startCacheApp({ controllers: [Reports] }, env);
  await app.cache.ready(5_000);
  const reports = app.get<Reports>(Reports);
  const urls = Array.from({ length: READS }, (_, i) => `${app.url}/report/${i}`);
  for (const url of urls) await fetch(url);
  reports.isFailing = true;
  reports.runs = 0;
  const cell = { loads: 0, errors: 0 };
  delayReplies(proxy, delayMs, every);
  for (const url of urls) if ((await fetch(url)).status !== 200) cell.errors++;
  cell.loads = reports.runs;
  delayReplies(proxy, 0, 1);
  await app.close();
  await proxy.stop();
  return cell;
}

const redis = await RedisServer.start();
const columns = [...Object.keys(READS_OF), 'CACHE_MANAGER', 'staleIfError'];
const only = process.argv[2]?.split(',') ?? columns;
const rows = DELAYS_MS.flatMap((delayMs) =>
  Object.entries(PATTERNS).flatMap(([pattern, every]) =>
    delayMs === 0 && every > 1 ? [] : [{ delayMs, pattern, every }],
  ),
);
process.stdout.write(`| delay, replies | ${columns.join(' | ')} |\n|---|${columns.map(() => '---').join('|')}|\n`);
for (const { delayMs, pattern, every } of rows) {
  const cells = await Promise.all(
    columns.map(async (name) => {
      if (!only.includes(name)) return undefined;
      if (name === 'CACHE_MANAGER') return cacheManagerCell(redis, delayMs, every);
      if (name === 'staleIfError') return staleIfErrorCell(redis, delayMs, every);
      return engineCell(redis, name, delayMs, every);
    }),
  );
  const label = delayMs === 0 ? '0' : `${delayMs} ms, ${pattern}`;
  const texts = cells.map((cell) => (cell === undefined ? '' : `${cell.loads} / ${cell.errors}`));
  process.stdout.write(`| ${label} | ${texts.join(' | ')} |\n`);
}
await redis.stop();
process.exit(0);
