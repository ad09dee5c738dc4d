import { createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

describe('over a bad network', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let pool: RedisPool;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    proxy = await TcpProxy.start(redis.port);
    pool = createRedisPool(proxy.url, { size: 1, subscriberPingMs: 50 });
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
  });
  afterEach(async () => {
    await pool.close();
    await proxy.stop();
  });

  it('that is slower than any read would wait, reads learn to wait', async () => {
    const cache = createCache({ redis: pool, memory: false });
    proxy.faults.delayMs = 40;
    await eventually(async () => {
      await cache.getOrLoad('k', () => 'v');
      expect(await cache.get('k')).toBe('v');
      expect(pool.monitor.readBudgetMs()).toBeGreaterThan(80);
    });
    // From now on the loader is not needed.
    await eventually(async () => expect(await cache.getOrLoad('k', () => 'loaded')).toBe('v'));
    await cache.close();
  });

  it('that swallows everything, Redis is given up and found again', async () => {
    proxy.faults.isBlackhole = true;
    pool.monitor.recordFailure('read', new DOMException('', 'TimeoutError'));
    await eventually(() => expect([pool.monitor.state, pool.monitor.reason]).toEqual(['down', 'timeout']));
    proxy.faults.isBlackhole = false;
    expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
    await expect(pool.client().ping()).resolves.toBe('PONG');
  });

  it('a subscriber that hears nothing is replaced, and subscribed again', async () => {
    const heard: string[] = [];
    const subscriber = pool.subscriber();
    subscriber.on('message', (_channel: string, message: string) => heard.push(message));
    await subscriber.subscribe('news');
    proxy.faults.isBlackhole = true;
    await eventually(() => expect(subscriber.status).not.toBe('ready'));
    proxy.faults.isBlackhole = false;
    await eventually(async () => {
      await redis.command('PUBLISH', 'news', 'again');
      expect(heard).toContain('again');
    });
  });

  it('whose connections are reset all the time, commands work in between', async () => {
    const states = new Set<string>();
    pool.monitor.onChange(({ to }) => states.add(to));
    for (let i = 0; i < 5; i++) {
      proxy.cut();
      await eventually(() => expect(pool.monitor.state).toBe('down'));
      expect(await pool.monitor.waitUntilUp(60_000)).toBe('up');
      await expect(pool.client().set('k', i)).resolves.toBe('OK');
    }
    expect(states).toEqual(new Set(['down', 'up']));
    await eventually(() => expect(proxy.connections).toBe(3));
  });

  it('that is narrow, a large value on its lane holds up no small one', async () => {
    await redis.command('SET', 'large', 'x'.repeat(2_000_000));
    await redis.command('SET', 'small', 'x');
    proxy.faults.bytesPerSecond = 1_000_000;
    let hasLargeArrived = false;
    const large = pool
      .client('bulk')
      .getBuffer('large')
      .finally(() => (hasLargeArrived = true));
    for (let i = 0; i < 20; i++) await expect(pool.client('fast').get('small')).resolves.toBe('x');
    expect(hasLargeArrived).toBe(false);
    expect((await large)?.length).toBe(2_000_000);
  });
});
