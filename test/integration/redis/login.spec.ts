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

  it('recognises the server where INFO is forbidden, and a restarted one as another', async () => {
    await redis.command('ACL', 'SETUSER', 'default', '-info');
    const { monitor } = open('');
    await monitor.waitUntilUp(60_000);
    const losses: boolean[] = [];
    monitor.addRecoveryStep(async ({ mayHaveLostWrites }) => void losses.push(mayHaveLostWrites));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(losses).toEqual([false]));
    expect(await monitor.waitUntilUp(60_000)).toBe('up');

    await redis.kill();
    await eventually(() => expect(monitor.state).toBe('down'));
    await redis.restart();
    await redis.command('ACL', 'SETUSER', 'default', '-info');
    await eventually(() => expect(losses.at(-1)).toBe(true));
  });

  it.each([
    ['a database that the server does not have', '/99', 'database'],
    ['a parameter in the URL', '?db=99', 'database'],
  ])('is down, and never uses database 0: %s', async (_, suffix, reason) => {
    pool = createRedisPool(`${redis.url}${suffix}`);
    const { monitor } = pool;
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', reason]));
    expect(await redis.command('DBSIZE')).toBe(0);
    expect(pool.stats().clients.map(({ status }) => status)).not.toContain('ready');
  });

  it('is down for a user who may not SELECT, until they may', async () => {
    await redis.command('ACL', 'SETUSER', 'app', '-select');
    pool = createRedisPool(`redis://app:right@127.0.0.1:${redis.port}/3`);
    const { monitor } = pool;
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'NOPERM']));
    expect(await redis.command('DBSIZE')).toBe(0);

    await redis.command('ACL', 'SETUSER', 'app', '+select');
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
    await pool.client().set('k', 1);
    expect(await redis.command('EXISTS', 'k')).toBe(0);
    expect(String(await redis.command('INFO', 'keyspace'))).toContain('db3:');
  });

  it('is down where an instance of the application was refused its database', async () => {
    const client = redis.client({ db: 99 });
    pool = createRedisPool(client);
    const { monitor } = pool;
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'database']));
  });
});
