import {
  createRedisPool,
  redisConfig,
  redisPoolOptionsOf,
  type RedisPool,
  redisSourceOf,
} from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { createTlsFiles, type TlsFiles } from '../../support/tls-files.js';

describe('TLS', () => {
  let tls: TlsFiles;
  let other: TlsFiles;
  let redis: RedisServer;
  let pool: RedisPool | undefined;

  beforeAll(async () => {
    [tls, other] = await Promise.all([createTlsFiles('localhost'), createTlsFiles('elsewhere')]);
    redis = await RedisServer.start({ tls, password: 'secret' });
  });
  afterAll(async () => {
    await redis.stop();
    await Promise.all([tls.remove(), other.remove()]);
  });
  afterEach(() => pool?.close());

  function open(env: NodeJS.ProcessEnv): RedisPool {
    const config = redisConfig.parse({ REDIS_URL: redis.url, ...env });
    return (pool = createRedisPool(redisSourceOf(config)!, redisPoolOptionsOf(config)));
  }

  it('connects where the authority is known', async () => {
    const { monitor } = open({ REDIS_TLS_CA_FILE: tls.caFile });
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
    await expect(pool!.client().ping()).resolves.toBe('PONG');
  });

  it.each([
    ['an unknown authority', () => ({})],
    ['another authority', () => ({ REDIS_TLS_CA_FILE: other.caFile })],
    ['another name', () => ({ REDIS_TLS_CA_FILE: tls.caFile, REDIS_TLS_SERVERNAME: 'elsewhere' })],
  ])('refuses %s, and says so', async (_, env) => {
    const { monitor } = open(env());
    await eventually(() => expect([monitor.state, monitor.reason]).toEqual(['down', 'tls']));
  });

  // Node emits a second error on a TLS socket that the first one destroyed; unheard, it would end the process.
  it('survives being refused many times', async () => {
    const uncaught: unknown[] = [];
    const record = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', record);
    const pools = Array.from({ length: 5 }, () => open({}));
    await Promise.all(pools.map(({ monitor }) => eventually(() => expect(monitor.reason).toBe('tls'))));
    await Promise.all(pools.map((each) => each.close()));
    process.off('uncaughtException', record);
    expect(uncaught).toEqual([]);
  });

  it('never falls back to plain text', async () => {
    const plain = await RedisServer.start();
    const { monitor } = open({ REDIS_URL: `rediss://localhost:${plain.port}` });
    await eventually(() => expect(monitor.reason).not.toBe('connecting'));
    expect(monitor.state).toBe('down');
    expect(await plain.command('DBSIZE')).toBe(0);
    await plain.stop();
  });

  it('names the file that is missing at start', () => {
    expect(() => open({ REDIS_TLS_CA_FILE: '/nonexistent/ca.pem' })).toThrow('/nonexistent/ca.pem');
  });

  it('heals when the certificate is replaced by one of the known authority', async () => {
    const { monitor } = open({ REDIS_TLS_CA_FILE: tls.caFile });
    await monitor.waitUntilUp(60_000);
    const admin = redis.client();
    await admin.call('CONFIG', 'SET', 'tls-cert-file', other.certFile, 'tls-key-file', other.keyFile);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(monitor.reason).toBe('tls'));
    await admin.call('CONFIG', 'SET', 'tls-cert-file', tls.certFile, 'tls-key-file', tls.keyFile);
    expect(await monitor.waitUntilUp(60_000)).toBe('up');
  });
});
