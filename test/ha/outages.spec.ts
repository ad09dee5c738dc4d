import { setTimeout as delay } from 'node:timers/promises';
import { FaultTable } from '../faults/support/fault-report.js';
import { FaultRun } from '../faults/support/fault-run.js';
import { expectToSurvive } from '../faults/support/expect-to-survive.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinel } from '../support/redis-sentinel.js';

/** Long enough to see values that are stale for ten seconds. */
const WATCH_MS = 10_250;

/** Faults of servers. Each resolves when the servers are well again. */
const sentinelFaults: Record<string, (redis: RedisSentinel) => Promise<void>> = {
  async 'a master behind Sentinel dies'(redis) {
    const master = await redis.master();
    await master.kill();
    await redis.failedOver(master);
  },
  async 'the Sentinels fail over a master that is well, and it forgets what it acknowledged'(redis) {
    await redis.failover();
  },
  async 'a master behind Sentinel freezes, and thaws when another is master'(redis) {
    const master = await redis.master();
    master.pause();
    await redis.failedOver(master);
    master.resume();
    await eventually(async () => expect(await master.command('ROLE')).toMatchObject({ 0: 'slave' }));
  },
  async 'two of three Sentinels die, and the connections with them'(redis) {
    for (const { process } of redis.sentinels.slice(0, 2)) await process.kill();
    await (await redis.master()).command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await delay(1_000);
  },
};

const clusterFaults: Record<string, (redis: RedisCluster) => Promise<void>> = {
  async 'a master of a Cluster dies'(redis) {
    await (await redis.masters())[0]!.kill();
    await redis.healed();
  },
  async 'a master of a Cluster freezes, and thaws when its replica is master'(redis) {
    const [master] = await redis.masters();
    master!.pause();
    await redis.promoted(master!);
    master!.resume();
    await redis.healed();
  },
  async 'a thousand slots of a Cluster move'(redis) {
    await redis.reshard(1_000);
  },
};

describe('two instances under load when', () => {
  const table = new FaultTable();
  const ends: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(() => table.print());

  async function expectToComeThrough<T extends RedisSentinel | RedisCluster>(
    fault: string,
    redis: T,
    strike: (redis: T) => Promise<void>,
  ): Promise<void> {
    const run = FaultRun.open(redis.source);
    ends.push(
      () => run.close(),
      () => redis.stop(),
    );
    await run.healthy();
    await expectToSurvive(run, table, fault, () => strike(redis), { watchMs: WATCH_MS });
  }

  it.each(Object.entries(sentinelFaults))('%s', async (fault, strike) =>
    expectToComeThrough(fault, await RedisSentinel.start(), strike),
  );

  it.each(Object.entries(clusterFaults))('%s', async (fault, strike) =>
    expectToComeThrough(fault, await RedisCluster.start(), strike),
  );
});
