import { createRedisPool, type RedisPool } from '../../../src/modules/redis/library.js';
import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { FakeClock } from '../../support/fake-clock.js';
import { eventually } from '../../support/eventually.js';
import { keepReading } from '../../support/keep-reading.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { RedisServer } from '../../support/redis-server.js';

const MINUTE_MS = 60_000;
/** Commands inside scripts, and those of this test. */
const NOT_SENT = new Set(['time', 'xrevrange', 'xadd', 'info', 'config|resetstat', 'client|setname', 'hello', 'auth']);

/** Calls of commands that clients sent, by the server's own count. */
async function sentTo(redis: RedisServer): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  let sent = 0;
  for (const [, name, calls] of stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g))
    if (!NOT_SENT.has(name!)) sent += Number(calls);
  // A heartbeat reads the layout's record and the end of one log for each engine.
  return sent - Number(/cmdstat_xrevrange:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Two engines on one pool, as in the service, on a clock that the test moves. */
describe('commands of an instance', () => {
  let redis: RedisServer;
  let clock: FakeClock;
  let pool: RedisPool;
  let caches: Cache[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    clock = new FakeClock();
    pool = createRedisPool(redis.url, { clock });
    caches = ['larder', 'session'].map((namespace) => createCache({ namespace, redis: pool, clock }));
    await eventually(async () => {
      await clock.advance(20);
      for (const cache of caches) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });
  });

  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    const closing = pool.close();
    await clock.advance(2_000);
    await closing;
    await redis.stop();
  });

  /** Moves the clock in steps, and lets Redis answer after each. */
  async function pass(
    ms: number,
    stepMs: number,
    onStep: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      await onStep();
      await clock.advance(stepMs);
      await redis.command('PING');
    }
  }

  it('that nothing asks: at most one a minute, all engines and connections together', async () => {
    await pass(2 * MINUTE_MS, 5_000);
    const before = await sentTo(redis);

    await pass(60 * MINUTE_MS, 5_000);

    const pings = 720;
    const sent = (await sentTo(redis)) - before - pings;
    expect(sent).toBeLessThanOrEqual(60);
    expect(sent).toBeGreaterThan(0);
    for (const cache of caches) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
  });

  it('with one read a second: a heartbeat a second, and the probe', async () => {
    await caches[0]!.set('k', 1);
    const read = (): Promise<unknown> => caches[0]!.get('k');
    await pass(10_000, 500);
    const before = await sentTo(redis);

    await pass(60_000, 1_000, read);

    // Heartbeats, the pair of probes every 15 s, pings of two subscribers every 5 s, and renewals of the records. One engine sent
    // 140 before.
    expect((await sentTo(redis)) - before - 60).toBeLessThanOrEqual(60 + 8 + 24 + 8);
    expect(caches[0]!.stats().hits.memory).toBeGreaterThan(50);
  });
});

describe('commands of an instance in a Cluster', () => {
  it('are one a node for the heartbeats of 64 partitions', async () => {
    const cluster = await RedisCluster.start();
    const cache = createCache({ namespace: 'beats', redis: cluster.source, coherence: { heartbeatMs: 50 } });
    let stopReading = (): void => undefined;
    const counts = async (): Promise<{ scripts: number; logs: number }> => {
      const stats = await Promise.all(
        (await cluster.masters()).map(async (server) => String(await server.command('INFO', 'commandstats'))),
      );
      const sum = (command: string): number =>
        stats.reduce(
          (sum, text) => sum + Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0),
          0,
        );
      return { scripts: sum('evalsha'), logs: sum('xrevrange') };
    };
    try {
      await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
      stopReading = keepReading(cache);
      await eventually(() => expect(cache.stats().misses).toBeGreaterThan(5));
      const before = await counts();

      await eventually(async () => expect((await counts()).logs - before.logs).toBeGreaterThanOrEqual(10 * 64));

      const after = await counts();
      // Each beat looks at the end of 64 logs.
      expect((after.scripts - before.scripts) / ((after.logs - before.logs) / 64)).toBeLessThan(4);
      expect(cache.stats()).toMatchObject({ isCoherent: true });
    } finally {
      stopReading();
      await cache.close();
      await Promise.all(cluster.servers.map((server) => server.stop()));
    }
  });
});
