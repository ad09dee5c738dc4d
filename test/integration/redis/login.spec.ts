import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

describe('logging in', () => {
  let redis: RedisServer;
  let pool: RedisPool | undefined;
  const open = (login: string) => (pool = createRedisPool(`redis://${login}127.0.0.1:${redis.port}`));

  beforeEach(async () => {
    redis = await RedisServer.start();
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>right', '~*', '&*', '+@all');
  });
  afterEach(async () => {
    await pool?.close();
    await redis.stop();
  });

  it('says that the password is wrong, and connects once it is right', async () => {
    const { monitor } = open('app:rotated@');
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'WRONGPASS']));
    await redis.command('ACL', 'SETUSER', 'app', '>rotated');
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('says that a password is wanted', async () => {
    await redis.command('CONFIG', 'SET', 'requirepass', 'wanted');
    const { monitor } = open('');
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'NOAUTH']));
  });

  it('goes down when the user is taken away, and comes back with it', async () => {
    const { monitor } = open('app:right@');
    await monitor.waitUntilUp(60_000);
    await redis.command('ACL', 'DELUSER', 'app');
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'WRONGPASS']));
    await redis.command('ACL', 'SETUSER', 'app', 'on', '>right', '~*', '&*', '+@all');
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('is degraded for a user who may not write', async () => {
    await redis.command('ACL', 'SETUSER', 'app', '-@write');
    const { monitor } = open('app:right@');
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['degraded', 'NOPERM']));
    await redis.command('ACL', 'SETUSER', 'app', '+@write');
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });

  it('works where INFO is forbidden; each reconnect then may be another server', async () => {
    await redis.command('ACL', 'SETUSER', 'app', '-info');
    const { monitor } = open('app:right@');
    await monitor.waitUntilUp(60_000);
    const losses: boolean[] = [];
    monitor.addRecoveryStep(
      async ({ mayHaveLostWrites, runId }) => void losses.push(mayHaveLostWrites && runId === undefined),
    );
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(losses).toEqual([true]));
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });
});
