import { type Cache, createCache, type EntryOptions } from '../../../src/modules/cache/index.js';
import { createRedisPool, type RedisPool } from '../../../src/modules/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** Part of the stored values, by which the proxy knows their replies. */
const STORED = 'the-stored-value';

describe('an answer of Redis that comes after the read budget', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let pool: RedisPool;
  let cache: Cache;
  let seeder: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    proxy = await TcpProxy.start(redis.port);
    pool = createRedisPool(proxy.url, {
      size: 2,
      monitor: { budget: { floorMs: 10, capMs: 50, lateMs: 20_000 } },
      connection: { socketTimeoutMs: 20_000 },
    });
    cache = createCache({ redis: pool });
    seeder = createCache({ redis: redis.url, memory: false });
    expect(await Promise.all([cache.ready(5_000), seeder.ready(5_000)])).toEqual([true, true]);
  });
  afterEach(async () => {
    await Promise.all([cache.close(), seeder.close()]);
    await pool.close();
    await proxy.stop();
  });

  /** Stores a value. Resolves when the cache has heard of it: a read that began before is not shared. */
  async function store(key: string, options: EntryOptions = {}): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const stop = cache.on('invalidationReceived', () => (stop(), resolve()));
    });
    await seeder.set(key, STORED, options);
    await heard;
  }
  const storeStale = (key: string): Promise<void> => store(key, { ttlMs: 0, graceMs: 60_000 });

  it('settles a load that is still running, and stops its loader', async () => {
    await store('k');
    const held = proxy.holdReply(STORED);
    const signals: AbortSignal[] = [];
    const load = ({ signal }: { signal: AbortSignal }): Promise<string> => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const calls = [cache.getOrLoad('k', load), cache.getOrLoad('k', load)];
    await eventually(() => expect([held.hasArrived, signals.length]).toEqual([true, 1]));
    held.release();
    expect(await Promise.all(calls)).toEqual([STORED, STORED]);
    expect(signals[0]!.aborted).toBe(true);
    // It is in memory, as after an answer in time.
    expect((await cache.getEntry('k'))?.tier).toBe('memory');
  });

  it('is a stale value for a load that fails', async () => {
    await storeStale('k');
    const held = proxy.holdReply(STORED);
    const call = cache.getOrLoad('k', () => Promise.reject(new Error('source down')));
    await eventually(() => expect(held.hasArrived).toBe(true));
    held.release();
    expect(await call).toBe(STORED);
  });

  it('leaves the error of the load where there is no value', async () => {
    await store('other');
    proxy.faults.delayMs = 60;
    await expect(cache.getOrLoad('k', () => Promise.reject(new Error('source down')))).rejects.toThrow('source down');
  });

  it('is served past the soft timeout', async () => {
    await storeStale('k');
    const held = proxy.holdReply(STORED);
    const call = cache.getOrLoad('k', () => new Promise(() => undefined), { softTimeoutMs: 0 });
    await eventually(() => expect(held.hasArrived).toBe(true));
    held.release();
    expect(await call).toBe(STORED);
  });

  it('is waited for by get and getMany, which have no loader', async () => {
    await store('k');
    await store('l');
    for (const read of [() => cache.get('k'), async () => (await cache.getMany(['l', 'm'])).get('l')]) {
      const failures = countFailures(pool);
      const held = proxy.holdReply(STORED);
      const value = read();
      await eventually(() => expect([held.hasArrived, failures.count > 0]).toEqual([true, true]));
      held.release();
      expect(await value).toBe(STORED);
      failures.stop();
    }
  });

  it('settles the keys of a batch that it concerns', async () => {
    await store('k');
    const held = proxy.holdReply(STORED);
    const asked: (readonly string[])[] = [];
    const call = cache.getOrLoadMany(['k', 'l'], async (missing) => {
      asked.push(missing);
      await eventually(() => expect(held.hasArrived).toBe(true));
      held.release();
      await eventually(() => expect(cache.stats().hits.redis).toBe(1));
      return new Map([['l', 'loaded']]);
    });
    expect([...(await call)]).toEqual([
      ['k', STORED],
      ['l', 'loaded'],
    ]);
    expect(asked).toEqual([['k', 'l']]);
  });

  it('is not kept or shared once the key was invalidated', async () => {
    await store('k');
    const held = proxy.holdReply(STORED);
    let finish!: (value: string) => void;
    const loaded = new Promise<string>((resolve) => (finish = resolve));
    let loads = 0;
    const load = (): Promise<string> => (loads++, loaded);
    const before = cache.getOrLoad('k', load);
    await eventually(() => expect([held.hasArrived, loads]).toEqual([true, 1]));
    // Heard from another instance: this one's own writes may be behind the reply that is held.
    const heard = new Promise<void>((resolve) => void cache.on('invalidationReceived', () => resolve()));
    await seeder.delete('k');
    await heard;
    const after = cache.getOrLoad('k', load);
    await eventually(() => expect(loads).toBe(2));
    held.release();
    finish('new');
    expect(await after).toBe('new');
    expect(await before).toBe('new');
    expect(await cache.get('k')).not.toBe(STORED);
  });

  it('does not reach a caller that joined after an invalidation which the read had not seen', async () => {
    const patient = cache.namespace('patient', { minReadTimeoutMs: 400 });
    const heardOf = (): Promise<void> =>
      new Promise((resolve) => {
        const stop = cache.on('invalidationReceived', () => (stop(), resolve()));
      });
    let heard = heardOf();
    await seeder.namespace('patient').set('k', STORED);
    await heard;
    const held = proxy.holdReply(STORED);
    let loads = 0;
    let finish!: (value: string) => void;
    const loaded = new Promise<string>((resolve) => (finish = resolve));
    const load = (): Promise<string> => (loads++, loaded);
    const first = patient.getOrLoad('k', load);
    await eventually(() => expect(held.hasArrived).toBe(true));
    // The flight begins only when the read is late: after this.
    heard = heardOf();
    await seeder.namespace('patient').delete('k');
    await heard;
    await eventually(() => expect(loads).toBe(1));
    const joined = new Promise<void>((resolve) => void cache.on('coalesced', () => resolve()));
    const later = patient.getOrLoad('k', load);
    await joined;
    held.release();
    // A strict read comes after the reply that was held.
    await Promise.all(Array.from({ length: 8 }, (_, i) => patient.get(`other:${i}`, { consistency: 'strict' })));
    finish('new');
    expect(await Promise.all([first, later])).toEqual(['new', 'new']);
    expect(loads).toBe(1);
  });
});

/** Counts the reads that the pool's monitor is told have exceeded their budget. */
function countFailures({ monitor }: RedisPool): { count: number; stop(): void } {
  const record = monitor.recordFailure.bind(monitor);
  const failures = {
    count: 0,
    stop: () => void (monitor.recordFailure = record),
  };
  monitor.recordFailure = (kind, error) => {
    failures.count++;
    record(kind, error);
  };
  return failures;
}
