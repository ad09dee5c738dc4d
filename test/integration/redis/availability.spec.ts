import {
  createRedisPool,
  type RedisPool,
  type RedisPoolOptions,
  type ServerIdentity,
} from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free-port.js';
import { RedisServer } from '../../support/redis-server.js';

describe('availability', () => {
  let redis: RedisServer;
  let pool: RedisPool | undefined;
  const open = (options: RedisPoolOptions = {}, source: string = redis.url) =>
    (pool = createRedisPool(source, options));

  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await pool?.close();
    await redis.stop();
  });

  it('is up once connected, and knows the identity of the server', async () => {
    const servers: ServerIdentity[] = [];
    const { monitor } = open();
    monitor.addRecoveryStep(async (server) => void servers.push(server));
    expect([monitor.state, monitor.reason, monitor.canRead(), monitor.canWrite()]).toEqual([
      'down',
      'connecting',
      false,
      false,
    ]);
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
    expect([monitor.reason, monitor.canRead(), monitor.canWrite()]).toEqual(['ok', true, true]);
    expect(servers).toEqual([
      {
        runId: expect.stringMatching(/^[0-9a-f]{40}$/),
        replicationId: expect.stringMatching(/^[0-9a-f]{40}$/),
        mayHaveLostWrites: true,
        isWritable: true,
      },
    ]);
  });

  it('boots without Redis and finds it when it comes', async () => {
    await redis.kill();
    const { monitor } = open();
    await eventually(() => expect(monitor.reason).toBe('refused'));
    expect(await monitor.waitUntilUp(10)).toBe('down');
    await expect(pool!.client().get('k')).rejects.toThrow("Stream isn't writeable");
    await redis.restart();
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
    await expect(pool!.client('bulk').get('k')).resolves.toBeNull();
  });

  it('runs the recovery steps in order before a restarted server is trusted', async () => {
    const { monitor } = open();
    await monitor.waitUntilUp(60_000);
    const seen: string[] = [];
    let isAllowed = false;
    monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => {
      seen.push(`outbox ${mayHaveLostWrites} ${monitor.canRead()}`);
      if (!isAllowed) throw new Error('not yet');
    });
    monitor.addRecoveryStep(async () => void seen.push(`log ${monitor.canRead()}`));
    await redis.restart();
    await eventually(() => expect(seen.length).toBeGreaterThan(1));
    expect([monitor.state, monitor.reason]).toEqual(['down', 'recovery']);
    isAllowed = true;
    await monitor.waitUntilUp(60_000);
    expect(new Set(seen)).toEqual(new Set(['outbox true false', 'log false']));
    expect(seen.at(-1)).toBe('log false');
  });

  it('does not trust a server that went away again while it recovered', async () => {
    const { monitor } = open();
    await monitor.waitUntilUp(60_000);
    let isFirst = true;
    const states: string[] = [];
    monitor.onChange(({ to }) => states.push(to));
    monitor.addRecoveryStep(async () => {
      if (!isFirst) return;
      isFirst = false;
      await redis.kill();
      // Only once the connections have noticed may the step end well.
      await eventually(() => expect(pool!.client().status).not.toBe('ready'));
    });
    // It may be killed again before `restart` has seen it answer.
    await redis.restart().catch(() => undefined);
    await eventually(() => expect([isFirst, monitor.reason]).toEqual([false, 'refused']));
    expect(new Set(states)).toEqual(new Set(['down']));
    await redis.restart();
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('takes a lost connection to the same server for nothing worse', async () => {
    const { monitor } = open();
    await monitor.waitUntilUp(60_000);
    const losses: boolean[] = [];
    monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => void losses.push(mayHaveLostWrites));
    const states: string[] = [];
    monitor.onChange(({ to, reason }) => states.push(`${to} ${reason}`));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(states).toEqual(['down closed', 'up ok']));
    expect(new Set(losses)).toEqual(new Set([false]));
  });

  it('gives a frozen server up after a few timeouts, and trusts it again once it thawed', async () => {
    const { monitor } = open();
    await monitor.waitUntilUp(60_000);
    redis.pause();
    let timeouts = 0;
    await eventually(() => {
      if (monitor.canRead()) {
        timeouts++;
        monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
      }
      expect(monitor.canRead()).toBe(false);
    });
    expect(monitor.reason).toBe('timeout');
    expect(timeouts).toBeGreaterThan(2);
    redis.resume();
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('notices a freeze by itself when a single read timed out', async () => {
    const { monitor } = open();
    await monitor.waitUntilUp(60_000);
    redis.pause();
    monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
    expect(monitor.canRead()).toBe(true);
    await eventually(() => expect(monitor.state).toBe('down'));
    redis.resume();
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  describe.each([
    ['READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    ['NOREPLICAS', ['CONFIG', 'SET', 'min-replicas-to-write', '1'], ['CONFIG', 'SET', 'min-replicas-to-write', '0']],
    ['OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  ] as const)('%s', (reason, breakIt, healIt) => {
    it('is degraded: reads work, writes do not', async () => {
      const { monitor } = open();
      await monitor.waitUntilUp(60_000);
      await pool!.client().set('k', 'v');
      await redis.command(...(breakIt as unknown as [string, ...string[]]));
      const error: unknown = await pool!
        .client()
        .set('k', 'w')
        .catch((error: unknown) => error);
      monitor.recordFailure('write', error);
      expect([monitor.state, monitor.reason, monitor.canRead(), monitor.canWrite()]).toEqual([
        'degraded',
        reason,
        true,
        false,
      ]);
      await redis.command(...(healIt as unknown as [string, ...string[]]));
      expect(await monitor.waitUntilUp(60_000)).toBe('up');
    });

    it('is found at boot', async () => {
      await redis.command(...(breakIt as unknown as [string, ...string[]]));
      const { monitor } = open();
      await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['degraded', reason]));
      await redis.command(...(healIt as unknown as [string, ...string[]]));
      expect(await monitor.waitUntilUp(60_000)).toBe('up');
    });
  });

  it('says refused for a port without a listener, and closes without having connected', async () => {
    const { monitor } = open({}, `redis://127.0.0.1:${await freePort()}`);
    await eventually(() => expect(monitor.reason).toBe('refused'));
  });
});
