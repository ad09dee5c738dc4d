import { type Cache, createCache } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** Longer than a read waits, and shorter than a command may take. */
const DELAY_MS = 150;

describe('a load that began without a lease because Redis was late', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let pool: RedisPool;
  let cache: Cache;
  let other: Cache;
  let rejected: string[];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    proxy = await TcpProxy.start(redis.port);
    pool = createRedisPool(proxy.url, {
      monitor: { budget: { floorMs: 10, capMs: 50, lateMs: 20_000 } },
      connection: { socketTimeoutMs: 20_000 },
    });
    cache = createCache({ redis: pool });
    other = createCache({ redis: redis.url, memory: false });
    expect(await Promise.all([cache.ready(5_000), other.ready(5_000)])).toEqual([true, true]);
    rejected = [];
    cache.on('fillRejected', ({ key, reason }) => rejected.push(`${key} ${reason}`));
  });
  afterEach(async () => {
    await Promise.all([cache.close(), other.close()]);
    await pool.close();
    await proxy.stop();
  });

  /** Starts a load while Redis is late. Resolves when the loader runs; Redis is in time again then. */
  async function loadLate(
    key: string,
    tags: readonly string[] = [],
  ): Promise<{ held: HeldLoad; call: Promise<string> }> {
    proxy.faults.delayMs = DELAY_MS;
    const held = new HeldLoad();
    const call = cache.getOrLoad(key, held.load, { tags });
    await eventually(() => expect(held.calls).toBe(1));
    proxy.faults.delayMs = 0;
    return { held, call };
  }

  it('is stored under a lease that is had after the loader has run', async () => {
    let rounds = 0;
    // On a busy machine Redis may be late for that lease too. The load then says so, and the next one is tried.
    const key = await eventually(async () => {
      const name = `k${++rounds}`;
      const { held, call } = await loadLate(name, ['t']);
      held.resolve('loaded');
      expect(await call).toBe('loaded');
      const stored = await eventually(async () => {
        const value = await other.get(name);
        if (value === undefined && !rejected.some((text) => text.startsWith(`${name} `)))
          throw new Error('neither stored nor rejected');
        return value;
      });
      expect(stored).toBe('loaded');
      return name;
    });
    await other.invalidateTags(['t']);
    expect(await other.get(key)).toBeUndefined();
  });

  it.each(['its key', 'its tag', 'everything'])(
    'is not stored where %s was invalidated during the load',
    async (name) => {
      const { held, call } = await loadLate('k', ['t']);
      if (name === 'its key') await other.delete('k');
      else if (name === 'its tag') await other.invalidateTags(['t']);
      else await other.clear();
      held.resolve('old');
      expect(await call).toBe('old');
      await eventually(() => expect(rejected).toEqual(['k tag-changed']));
      expect(await other.get('k')).toBeUndefined();
      await eventually(async () => expect(await cache.get('k')).toBeUndefined());
      // The lease was given back.
      expect(await other.getOrLoad('k', () => 'new')).toBe('new');
    },
  );

  it('gives way to another instance that has stored the value', async () => {
    const { held, call } = await loadLate('k');
    await other.getOrLoad('k', () => 'of the other');
    held.resolve('loaded');
    expect(await call).toBe('loaded');
    await eventually(() => expect(rejected).toEqual(['k lease-lost']));
    expect(await other.get('k')).toBe('of the other');
  });
});
