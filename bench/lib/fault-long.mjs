import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from './redis.mjs';
import { printTable } from './table.mjs';

const MINUTES = Number(process.env.MINUTES ?? 10);
const INVALIDATIONS = 1_000_000;
const READS_PER_SECOND = 200;
const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** Larder without Redis for minutes, through a million invalidations of distinct keys, under load: the memory that it takes. */
export async function runLongOutage() {
  const { createCache } = await import(process.env.LARDER_ENTRY ?? '../../dist/index.js');
  let redis = await startRedis();
  const cache = createCache({ namespace: 'long', redis: redis.url, ttlMs: 60_000 });
  const other = createCache({ namespace: 'long', redis: redis.url, ttlMs: 60_000 });
  const areHealthy = () =>
    [cache, other].every((one) => {
      const { redis: state, isCoherent, queuedInvalidations } = one.stats();
      return state === 'up' && isCoherent && queuedInvalidations === 0;
    });
  while (!areHealthy()) await sleep(10);
  await cache.set('old', 'old');
  await other.get('old');
  const before = process.memoryUsage().rss;
  await redis.stop();
  const untilMs = performance.now() + MINUTES * 60_000;
  const perSecond = INVALIDATIONS / (MINUTES * 60);
  let [sent, reads, failed, mostRss, mostQueued, worstMs] = [0, 0, 0, before, 0, 0];
  for (let tick = 1; performance.now() < untilMs || sent < INVALIDATIONS; tick++) {
    for (; sent < Math.min(INVALIDATIONS, (tick * perSecond) / 20); sent++) {
      await cache.delete(sent === 1_000 ? 'old' : `product:${sent}`);
    }
    for (let i = 0; i < READS_PER_SECOND / 20; i++, reads++) {
      const startedMs = performance.now();
      await cache.getOrLoad(`product:${Math.floor(Math.random() * 5_000)}`, () => 'v').catch(() => failed++);
      worstMs = Math.max(worstMs, performance.now() - startedMs);
    }
    mostRss = Math.max(mostRss, process.memoryUsage().rss);
    mostQueued = Math.max(mostQueued, cache.stats().queuedInvalidations);
    await sleep(50);
  }
  redis = await startRedis([], redis.port);
  const backMs = performance.now();
  while (!areHealthy()) await sleep(10);
  printTable(
    [
      'minutes down',
      'invalidations',
      'reads failed',
      'worst read',
      'most queued',
      'memory before',
      'most memory',
      'healthy after',
      'old values served after',
    ],
    [
      [
        MINUTES,
        sent,
        `${failed} of ${reads}`,
        `${worstMs.toFixed(0)} ms`,
        mostQueued,
        mb(before),
        mb(mostRss),
        `${(performance.now() - backMs).toFixed(0)} ms`,
        (await Promise.all([cache, other].map((one) => one.get('old')))).filter(Boolean).length,
      ],
    ],
  );
  await Promise.all([cache.close(), other.close()]);
  await redis.stop();
}
