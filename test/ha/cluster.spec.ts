import { loadScript, type RedisPool, runScript, type ServerIdentity } from '../../src/modules/redis/index.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { WatchedPool } from './support/watched-pool.js';

/** Keys spread over all masters. */
const KEYS = Array.from({ length: 30 }, (_, i) => `{larder:${i}}:v:k`);
const increment = loadScript('increment', "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[2])");

describe('on a Cluster', () => {
  let redis: RedisCluster;
  let pool: RedisPool;
  let recoveries: readonly ServerIdentity[];
  let watched: WatchedPool;

  beforeEach(async () => {
    redis = await RedisCluster.start();
    watched = await WatchedPool.open(redis.source);
    ({ pool, recoveries } = watched);
  });
  afterEach(async () => {
    await watched.close();
    await redis.stop();
  });

  it('reaches every slot, and knows the servers as one', async () => {
    expect(pool.topology).toBe('cluster');
    for (const key of KEYS) await pool.client('bulk').set(key, key);
    expect(await Promise.all(KEYS.map((key) => pool.client().get(key)))).toEqual(KEYS);
    expect(recoveries).toEqual([
      {
        runId: expect.stringMatching(/^\w{40},\w{40},\w{40}$/),
        replicationId: expect.any(String),
        mayHaveLostWrites: true,
        isWritable: true,
      },
    ]);
  });

  it('goes on with the other slots when a master dies, and distrusts the new one', async () => {
    const dead = await redis.ownerOf(KEYS[0]!);
    const owners = await Promise.all(KEYS.map((key) => redis.ownerOf(key)));
    const others = KEYS.filter((_, i) => owners[i] !== dead);
    await dead.kill();
    for (let i = 0; i < 5; i++) for (const key of others) await pool.client().set(key, String(i));
    expect(pool.monitor.canRead()).toBe(true);
    await redis.healed();
    await eventually(() => expect(recoveries.length).toBeGreaterThan(1));
    expect(recoveries.at(-1)).toMatchObject({ mayHaveLostWrites: true });
    expect(recoveries.at(-1)!.replicationId).not.toBe(recoveries[0]!.replicationId);
    await watched.up();
    for (const key of KEYS) await expect(pool.client().set(key, 'after')).resolves.toBe('OK');
  });

  it('is down while no master answers, and comes back', async () => {
    for (const server of redis.servers) server.pause();
    pool.monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
    await eventually(() => expect(pool.monitor.state).toBe('down'));
    for (const server of redis.servers) server.resume();
    await redis.healed();
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('follows slots that move while scripts run on them', async () => {
    const moved = new AbortController();
    const failures: unknown[] = [];
    const load = (async () => {
      for (let round = 0; !moved.signal.aborted || round < 3; round++) {
        await Promise.all(
          KEYS.map((key) =>
            runScript(pool.client(), increment, [key, `${key}2`]).catch((error: unknown) => failures.push(error)),
          ),
        );
      }
    })();
    await redis.reshard(1_000);
    moved.abort();
    await load;
    expect(failures).toEqual([]);
    expect(pool.monitor.state).toBe('up');
  });

  it('carries messages to subscribers, also after their server is gone', async () => {
    const messages: string[] = [];
    const subscriber = pool.subscriber();
    subscriber.on('message', (_channel: string, message: string) => messages.push(message));
    await subscriber.subscribe('news');
    await eventually(async () => {
      await pool.client().publish('news', 'before');
      expect(messages).toContain('before');
    });
    await (await redis.masters())[0]!.kill();
    await redis.healed();
    await eventually(
      async () => {
        await pool.client().publish('news', 'after');
        expect(messages).toContain('after');
      },
      { intervalMs: 100 },
    );
  });
});
