import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createRedisPool } from '../../../src/modules/redis/library.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { nowMs } from '../world.js';
import type { Burst, StampedeAnswer, StampedeTask, Steady } from './stampede-fleet.js';

const [redisUrl] = process.argv.slice(2) as [string];
// Five processes share two cores here: a read that gave up on Redis after a few milliseconds would load once more.
const pool = createRedisPool(redisUrl, { monitor: { budget: { floorMs: 1_000, capMs: 1_000, lateMs: 1_000 } } });
const cache: Cache = createCache({ namespace: 'stampede', redis: pool });
const source = new Redis(redisUrl);

/** Loads are counted where every process sees them; the value is the number of the load. */
async function load(key: string, loadMs: number): Promise<number> {
  const count = await source.incr(`loads:${key}`);
  await delay(loadMs);
  return count;
}

async function burst({ key, callers, loadMs, startAtMs }: Burst): Promise<StampedeAnswer> {
  await delay(startAtMs - nowMs());
  const startedMs = nowMs();
  const values = await Promise.all(
    Array.from({ length: callers }, () => cache.getOrLoad(key, () => load(key, loadMs))),
  );
  return { values: [...new Set(values)], longestMs: nowMs() - startedMs };
}

async function steady({ key, loadMs, ttlMs, beta, everyMs, startAtMs, forMs }: Steady): Promise<StampedeAnswer> {
  await delay(startAtMs - nowMs());
  const values = new Set<number>();
  let longestMs = 0;
  for (const untilMs = startAtMs + forMs; nowMs() < untilMs; await delay(everyMs)) {
    const calledMs = nowMs();
    values.add(await cache.getOrLoad(key, () => load(key, loadMs), { ttlMs, earlyRefreshBeta: beta }));
    longestMs = Math.max(longestMs, nowMs() - calledMs);
  }
  // A refresh that began with the last reads is still loading: its value is seen by a read after it.
  await eventually(() => {
    if (cache.stats().loadsInFlight > 0) throw new Error('A load is under way.');
  });
  values.add(await cache.getOrLoad(key, () => load(key, loadMs), { ttlMs }));
  return { values: [...values], longestMs };
}

process.on('message', (task: StampedeTask) => {
  const work = task.type === 'burst' ? burst(task) : steady(task);
  void work.then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit(0));
await eventually(() => {
  const { redis, isCoherent } = cache.stats();
  if (redis !== 'up' || !isCoherent) throw new Error(`Redis is ${redis}.`);
});
process.send!('ready');
