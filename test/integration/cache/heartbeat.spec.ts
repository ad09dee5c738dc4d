import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { keepReading } from '../../support/keep-reading.js';
import { RedisServer } from '../../support/redis-server.js';
import { coherentCaches } from '../../support/coherent-caches.js';

describe('the heartbeat', () => {
  let redis: RedisServer;
  let cache: Cache | undefined;
  let stopReading: () => void;

  beforeEach(async () => {
    redis = await RedisServer.start();
  });

  afterEach(async () => {
    stopReading();
    await cache?.close();
    await redis.stop();
  });

  /** Scripts that Redis has run, and streams that these looked at. */
  async function counts(): Promise<{ scripts: number; logs: number }> {
    const stats = String(await redis.command('INFO', 'commandstats'));
    const of = (command: string): number => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return { scripts: of('evalsha'), logs: of('xrevrange') };
  }

  it.each([
    { partitions: 1, scripts: 1 },
    { partitions: 64, scripts: 1 },
    { partitions: 255, scripts: 1 },
    { partitions: 1_023, scripts: 4 },
  ])('asks once for $partitions partitions together: $scripts commands', async ({ partitions, scripts }) => {
    [cache] = await coherentCaches(redis, { namespace: 'beats', partitions, coherence: { heartbeatMs: 20 } });
    stopReading = keepReading(cache);
    // Until the versions are known.
    await eventually(() => expect(cache!.stats().misses).toBeGreaterThan(5));
    const before = await counts();

    await eventually(async () => expect((await counts()).logs - before.logs).toBeGreaterThanOrEqual(10 * partitions));

    const after = await counts();
    expect((after.logs - before.logs) / partitions).toBe((after.scripts - before.scripts) / scripts);
  });

  it('follows the log of every partition', async () => {
    const partitions = 300;
    [cache] = await coherentCaches(redis, { namespace: 'beats', partitions, coherence: { heartbeatMs: 20 } });
    let replayed = 0;
    stopReading = keepReading(cache);
    cache.on('invalidationReplayed', ({ count }) => (replayed += count));

    // Entries without an announcement.
    const client = redis.client();
    for (let partition = 0; partition < partitions; partition++) {
      const log = `{beats:${partition}}:log`;
      const last = (await client.xrevrange(log, '+', '-', 'COUNT', 1))[0]![0];
      await client.xadd(log, '*', 'p', last, 'b', JSON.stringify({ s: 'someone', k: [`k${partition}`] }));
    }

    await eventually(() => expect(replayed).toBe(partitions));
  });
});
