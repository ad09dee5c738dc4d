import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { SEED, seededRandom } from '../support/seeded-random.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { FaultTable } from './support/fault-report.js';
import { FaultRun } from './support/fault-run.js';
import { expectToSurvive } from './support/expect-to-survive.js';

/** No read waits longer than this for a Redis that is as near as it should be. */
const USUAL_BUDGET_MS = 50;
/** After this time Linux sends unacknowledged bytes again (a tail loss probe), and then after its least timeout. */
const PROBE_MS = 20;
const RETRANSMISSION_MS = 200;

describe(`two instances under load while the network (seed ${SEED})`, () => {
  const table = new FaultTable();
  let random: () => number;
  let redis: RedisServer;
  let proxy: TcpProxy;
  let run: FaultRun;

  beforeEach(async () => {
    random = seededRandom(SEED);
    redis = await RedisServer.start();
    proxy = await TcpProxy.start(redis.port);
    // Calm enough that something lives longer than a few trips over a slow network.
    run = FaultRun.open(proxy.url, { invalidationsPerSecond: 20 });
    await run.healthy();
  });
  afterEach(async () => {
    await run.close();
    await proxy.stop();
    await redis.stop();
  });
  afterAll(() => table.print());

  /** Holds chunks back until both instances have hits from Redis all the same. Resolves to how long a read waits then, ms. */
  async function heldBack(delayMs: () => number): Promise<number> {
    proxy.faults.delayMs = delayMs;
    await delay(1_500);
    const hits = () => run.caches.map((cache) => cache.stats().hits.redis);
    const before = hits();
    await eventually(() => expect(hits().every((count, i) => count > before[i]!)).toBe(true));
    const budgetMs = Math.max(...run.pools.map(({ monitor }) => monitor.readBudgetMs()));
    proxy.faults.delayMs = 0;
    return budgetMs;
  }

  it('holds each chunk back for up to 0.2 s', async () => {
    let budgetMs = 0;
    await expectToSurvive(run, table, 'chunks held back for up to 0.2 s', async () => {
      budgetMs = await heldBack(() => random() * 200);
    });
    // Reads learned to wait.
    expect(budgetMs).toBeGreaterThan(USUAL_BUDGET_MS);
  });

  it('loses one packet in ten, as TCP lets it be seen', async () => {
    await expectToSurvive(run, table, 'one packet in ten sent again', async () => {
      const lossMs = () => (random() < 0.1 ? RETRANSMISSION_MS : PROBE_MS);
      await heldBack(() => (random() < 0.1 ? lossMs() : 0));
    });
  });

  it.each([
    ['everything', 'isBlackhole'],
    ['what Redis answers', 'areRepliesLost'],
  ] as const)('loses %s, on connections that stay open', async (what, fault) => {
    const strike = async () => {
      proxy.faults[fault] = true;
      await delay(1_500);
      proxy.faults[fault] = false;
    };
    await expectToSurvive(run, table, `${what} lost, connections open`, strike, { reason: 'timeout' });
  });
});
