import type { Redis } from 'ioredis';
import type { RedisPool, ServerIdentity } from '../../src/modules/redis/index.js';
import { eventually } from '../support/eventually.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { WatchedPool } from './support/watched-pool.js';

describe('behind Sentinel', () => {
  let redis: RedisSentinel;
  let pool: RedisPool;
  let recoveries: readonly ServerIdentity[];
  let watched: WatchedPool;

  beforeEach(async () => {
    redis = await RedisSentinel.start();
    watched = await WatchedPool.open(redis.source);
    ({ pool, recoveries } = watched);
  });
  afterEach(async () => {
    await watched.close();
    await redis.stop();
  });

  const portInUse = async () => /tcp_port:(\d+)/.exec(await (pool.client() as Redis).info('server'))![1];

  it('finds the master', async () => {
    expect(pool.topology).toBe('sentinel');
    expect(Number(await portInUse())).toBe((await redis.master()).port);
  });

  it('follows to the new master when the old one dies, which may have lost writes', async () => {
    const master = await redis.master();
    await master.kill();
    await eventually(() => expect(pool.monitor.state).toBe('down'));
    const promoted = await redis.failedOver(master);
    await watched.up();
    expect(Number(await portInUse())).toBe(promoted.port);
    // A recovery that a connection disturbs is run again, so only its server counts.
    expect(new Set(recoveries.map(({ runId }) => runId)).size).toBe(2);
    expect(recoveries.at(-1)).toMatchObject({ mayHaveLostWrites: true, isWritable: true });
    expect(recoveries.at(-1)!.replicationId).not.toBe(recoveries[0]!.replicationId);
  });

  it('follows when the Sentinels fail over a master that is well', async () => {
    const promoted = await redis.failover();
    await eventually(() => expect(recoveries.at(-1)!.runId).not.toBe(recoveries[0]!.runId));
    await watched.up();
    await eventually(async () => expect(Number(await portInUse())).toBe(promoted.port));
    expect(recoveries.at(-1)).toMatchObject({ mayHaveLostWrites: true });
  });

  it('leaves a frozen master for the new one, and stays there when it thaws', async () => {
    const master = await redis.master();
    master.pause();
    const promoted = await redis.failedOver(master);
    await watched.up();
    await eventually(async () => expect(Number(await portInUse())).toBe(promoted.port));
    master.resume();
    await eventually(async () => expect(await master.command('ROLE')).toMatchObject({ 0: 'slave' }));
    expect(Number(await portInUse())).toBe(promoted.port);
  });

  it('needs only one Sentinel to find the master, and no Sentinel while the master stays', async () => {
    for (const { process } of redis.sentinels.slice(0, 2)) await process.kill();
    const before = recoveries.length;
    await (await redis.master()).command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(recoveries.length).toBeGreaterThan(before));
    await watched.up();
    await redis.sentinels[2]!.process.kill();
    await expect(pool.client().set('k', 'v')).resolves.toBe('OK');
    expect(pool.monitor.state).toBe('up');
  });
});
