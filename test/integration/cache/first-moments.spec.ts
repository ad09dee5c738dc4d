import { type Cache, type CacheOptions, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

describe('the first moments of a process', () => {
  let redis: RedisServer;
  const open: Cache[] = [];
  const openCache = (options: CacheOptions): Cache => {
    const cache = createCache(options);
    open.push(cache);
    return cache;
  };
  /** A cache that has only the content of Redis. */
  const other = (): Cache => openCache({ redis: redis.url, memory: false });

  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((cache) => cache.close()));
    await redis.stop();
  });

  describe.each<[string, CacheOptions]>([
    ['with memory', {}],
    ['without memory', { memory: false }],
  ])('with Redis there, %s', (_, options) => {
    it('a set is applied, and other instances see it', async () => {
      const cache = openCache({ redis: redis.url, ...options });
      expect(await cache.set('a', 1)).toEqual({ status: 'applied' });
      expect(await other().get('a')).toBe(1);
      expect(await cache.get('a')).toBe(1);
    });

    it('writes keep the order of their calls', async () => {
      const cache = openCache({ redis: redis.url, ...options });
      await Promise.all([cache.set('a', 1), cache.delete('a'), cache.set('b', 1), cache.set('b', 2)]);
      expect([...(await other().getMany(['a', 'b']))]).toEqual([['b', 2]]);
    });

    it('a load is stored, and not repeated', async () => {
      // A busy machine answers later than reads would wait.
      const budget = { floorMs: 1_000, capMs: 1_000, lateMs: 1_000 };
      const pool = createRedisPool(redis.url, { monitor: { budget } });
      const cache = openCache({ redis: pool, ...options });
      let loads = 0;
      for (let i = 0; i < 2; i++) expect(await cache.getOrLoad('a', () => ++loads)).toBe(1);
      expect([...(await cache.getOrLoadMany(['a', 'b'], () => new Map([['b', 'b']])))]).toEqual([
        ['a', 1],
        ['b', 'b'],
      ]);
      expect([...(await other().getMany(['a', 'b']))]).toHaveLength(2);
      await cache.close();
      await pool.close();
    });

    it('what was called before close() lands', async () => {
      const cache = createCache({ redis: redis.url, ...options });
      const writes = [cache.set('a', 1), cache.namespace('n').set('b', 2)];
      await cache.close();
      expect(await Promise.all(writes)).toEqual([{ status: 'applied' }, { status: 'applied' }]);
      expect(await other().get('a')).toBe(1);
      expect(await other().namespace('n').get('b')).toBe(2);
    });
  });

  it('an entry that another process stored is a hit', async () => {
    await other().set('a', 1);
    expect(await openCache({ redis: redis.url }).get('a')).toBe(1);
  });

  it('ready() tells when Redis is up and coherent, and that it is not', async () => {
    const cache = openCache({ redis: redis.url });
    expect(await cache.ready()).toBe(true);
    expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    await redis.kill();
    expect(await openCache({ redis: redis.url }).ready(100)).toBe(false);
    expect(await openCache({}).ready()).toBe(true);
    await expect(cache.ready(-1)).rejects.toThrow(RangeError);
  });

  it('a caller that gives up waits for no connection', async () => {
    const proxy = await TcpProxy.start(redis.port);
    proxy.faults.isBlackhole = true;
    const cache = openCache({ redis: proxy.url, memory: false });
    const load = cache.getOrLoad('a', () => 1, { signal: AbortSignal.timeout(10) });
    await expect(load).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await cache.getOrLoad('b', () => 2, { hardTimeoutMs: 10 })).toBe(2);
    await proxy.stop();
  });

  describe('with Redis not there yet', () => {
    it('nothing waits for it, and what was set is sent when it comes', async () => {
      await redis.kill();
      const cache = openCache({ redis: redis.url, memory: false });
      expect(await cache.set('a', { n: 1 }, { tags: ['t'] })).toEqual({ status: 'queued' });
      expect(await cache.set('b', 1)).toEqual({ status: 'queued' });
      expect(await cache.set('b', 2)).toEqual({ status: 'queued' });
      expect(await cache.getOrLoad('c', () => 3)).toBe(3);
      await redis.restart();
      const reader = other();
      await eventually(async () => {
        expect([...(await reader.getMany(['a', 'b']))]).toEqual([
          ['a', { n: 1 }],
          ['b', 2],
        ]);
      });
      await cache.invalidateTags(['t']);
      expect(await reader.get('a', { consistency: 'strict' })).toBeUndefined();
    });

    it('close() sends what was set, if Redis returns in time', async () => {
      await redis.kill();
      const cache = createCache({ redis: redis.url });
      expect(await cache.set('a', 1)).toEqual({ status: 'queued' });
      const closing = cache.close();
      await redis.restart();
      await closing;
      expect(await other().get('a')).toBe(1);
    });

    it('what was written or invalidated here since is not sent', async () => {
      await redis.kill();
      const cache = openCache({ redis: redis.url, memory: false });
      const child = cache.namespace('child');
      await cache.set('deleted', 1);
      await cache.set('tagged', 1, { tags: ['t'] });
      await cache.set('expired', 1, { tags: ['e'] });
      await child.set('cleared', 1);
      await cache.set('over', 1, { ttlMs: 1 });
      await cache.delete('deleted');
      await cache.invalidateTags(['t']);
      await cache.expireTags(['e']);
      await child.clear();
      await child.set('after the clear', 1);
      await cache.set('last', 1);
      await redis.restart();
      const reader = other();
      await eventually(async () => {
        expect(await reader.get('last')).toBe(1);
        expect(await reader.namespace('child').get('after the clear')).toBe(1);
      });
      expect([...(await reader.getMany(['deleted', 'tagged', 'expired', 'over']))]).toEqual([]);
      expect(await reader.namespace('child').get('cleared')).toBeUndefined();
    });

    it('what another instance wrote or invalidated since is not sent', async () => {
      const proxy = await TcpProxy.start(redis.port);
      proxy.faults.isBlackhole = true;
      const cut = openCache({ redis: proxy.url, memory: false });
      const connected = other();
      for (const key of ['deleted', 'written', 'loaded', 'last']) await cut.set(key, 'cut');
      await cut.set('tagged', 'cut', { tags: ['t'] });
      await cut.namespace('child').set('cleared', 'cut');
      expect(await connected.delete('deleted')).toEqual({ status: 'applied' });
      expect(await connected.set('written', 'connected')).toEqual({ status: 'applied' });
      expect(await connected.invalidateTags(['t'])).toEqual({ status: 'applied' });
      expect(await connected.namespace('child').clear()).toEqual({ status: 'applied' });
      proxy.faults.isBlackhole = false;
      await eventually(async () => expect(await connected.get('last')).toBe('cut'));
      expect([...(await connected.getMany(['deleted', 'written', 'tagged'], { consistency: 'strict' }))]).toEqual([]);
      expect(await connected.namespace('child').get('cleared')).toBeUndefined();
      await cut.close();
      await proxy.stop();
    });
  });
});
