import { ConsoleLogger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { REDIS_POOL, redisConfig, RedisModule, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

async function boot(env: NodeJS.ProcessEnv): Promise<TestingModule> {
  const module = await Test.createTestingModule({ imports: [AppConfigModule.forRoot(env, [redisConfig]), RedisModule] })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  return module.init();
}

const connectionNames = (list: unknown) =>
  [...String(list).matchAll(/ name=(larder:\S+)/g)].map(([, name]) => name!).toSorted();

describe('RedisModule', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start({ password: 'se cret/@' });
  });
  afterAll(() => redis.stop());

  it('gives no pool when no Redis is configured', async () => {
    const app = await boot({});
    expect(app.get(REDIS_POOL)).toBeNull();
    await app.close();
  });

  it('opens named connections, and closes them with the application', async () => {
    const app = await boot({ REDIS_URL: `${redis.url}/3`, REDIS_POOL_SIZE: '1' });
    const pool = app.get<RedisPool>(REDIS_POOL);
    pool.subscriber();
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
    await eventually(async () => {
      expect(connectionNames(await redis.command('CLIENT', 'LIST'))).toEqual([
        'larder:bulk',
        'larder:fast',
        'larder:probe',
        'larder:sub',
      ]);
    });
    expect(await redis.command('CLIENT', 'LIST')).toMatch(/name=larder:fast .* db=3 /);
    await app.close();
    await eventually(async () => expect(connectionNames(await redis.command('CLIENT', 'LIST'))).toEqual([]));
  });

  it('does not wait for a Redis that is not there', async () => {
    const app = await boot({ REDIS_URL: 'redis://127.0.0.1:1' });
    const pool = app.get<RedisPool>(REDIS_POOL);
    expect(pool.monitor.state).toBe('down');
    await eventually(() => expect(pool.monitor.reason).toBe('refused'));
    await app.close();
  });

  it.each([
    [{ REDIS_URL: 'http://:hunter2@redis' }, 'REDIS_URL: must begin with redis://'],
    [{ REDIS_URL: 'redis://:hunter2@redis/zero' }, 'the path must be a database number'],
    [{ REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_NODES: 'b:2' }, 'not both'],
    [{ REDIS_CLUSTER_NODES: 'redis://a' }, 'Not an address: "redis://a"'],
    [{ REDIS_POOL_SIZE: '0' }, 'REDIS_POOL_SIZE'],
  ])('refuses %j, without repeating a password', async (env, message) => {
    const error: unknown = await boot(env).catch((error: unknown) => error);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('hunter2');
  });
});
