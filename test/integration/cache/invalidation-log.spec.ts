import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import type { CacheEvents } from '../../../src/modules/cache/engine/contract/events.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { keepReading } from '../../support/keep-reading.js';
import { RedisServer } from '../../support/redis-server.js';

const LOG = '{followed}:log';

describe('the invalidation log', () => {
  let redis: RedisServer;
  let cache: Cache;
  let stopReading: () => void;
  let flushed: CacheEvents['memoryFlushed']['reason'][];
  const open = (): Cache =>
    createCache({ namespace: 'followed', redis: redis.url, coherence: { heartbeatMs: 50, logLength: 100 } });
  const healthy = (one: Cache): Promise<void> =>
    eventually(() => expect(one.stats()).toMatchObject({ redis: 'up', isCoherent: true }));

  beforeEach(async () => {
    redis = await RedisServer.start();
    cache = open();
    flushed = [];
    cache.on('memoryFlushed', ({ reason }) => flushed.push(reason));
    await healthy(cache);
    stopReading = keepReading(cache);
    await cache.set('held', 1);
  });

  afterEach(async () => {
    stopReading();
    await cache.close();
    await redis.stop();
  });

  it('is never empty, so that a loss of its entries is seen', async () => {
    const other = await RedisServer.start();
    const fresh = createCache({ namespace: 'followed', redis: other.url });
    await healthy(fresh);
    await expect(other.command('XLEN', LOG)).resolves.toBe(1);
    await fresh.close();
    await other.stop();
  });

  it('is bounded in bytes as well as in entries', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `a key of usual length ${i}`);
    for (let i = 0; i < 90; i++) await cache.delete(keys);
    const bytes = Number(await redis.command('MEMORY', 'USAGE', LOG, 'SAMPLES', 0));
    // 90 entries of 15 kB are 1.3 MB; 100 entries of 1,600 bytes are 160 kB.
    expect(bytes).toBeLessThan(320_000);
    for (let i = 0; i < 20; i++) await cache.delete(`one ${i}`);
    await eventually(() => expect(cache.stats().isCoherent).toBe(true));
    expect(flushed).toEqual([]);
  });

  it('tells an expiry from an invalidation', async () => {
    const newest = async (): Promise<unknown> =>
      JSON.parse((await redis.client().xrevrange(LOG, '+', '-', 'COUNT', 1))[0]![1][3]!);
    await cache.invalidateTags(['a']);
    const invalidation = await newest();
    await cache.expireTags(['a']);

    expect(invalidation).toEqual({ s: expect.any(String), k: [], t: [['t::a', expect.any(String)]] });
    expect(await newest()).toEqual({ ...(invalidation as object), t: [['t::a', expect.any(String)]], x: 1 });
  });

  it('empties memory when it is lost, and clears the entries that other instances may hold', async () => {
    await redis.command('DEL', LOG);
    await eventually(() => expect(flushed).toEqual(['log-lost']));
    await expect(cache.get('held')).resolves.toBeUndefined();
    await expect(cache.getOrLoad('held', () => 2)).resolves.toBe(2);
  });

  it('is announced in few bytes', async () => {
    const messages: string[] = [];
    const client = redis.client();
    client.on('message', (_channel, text) => messages.push(text));
    await client.subscribe('followed:invalidations');

    await cache.delete('product:42');
    await cache.delete('product:43');

    await eventually(() => expect(messages).toHaveLength(2));
    // The length of the key is 10, and a few digits are the time between two invalidations.
    expect(Math.max(...messages.map((text) => text.length))).toBeLessThanOrEqual(66);
  });

  it('is read where announcements were missed', async () => {
    const peer = open();
    await healthy(peer);
    await expect(peer.get('held')).resolves.toBe(1);
    // No instance gets the announcement: the channel is renamed under its publisher.
    const replayed = new Promise((resolve) => peer.on('invalidationReplayed', ({ count }) => resolve(count)));
    const previous = (await redis.client().xrevrange(LOG, '+', '-', 'COUNT', 1))[0]![0];
    await redis.command('DEL', '{followed}:v::held');
    await redis.command('XADD', LOG, '*', 'p', previous, 'b', JSON.stringify({ s: 'someone', k: ['held'] }));
    const stop = keepReading(peer);
    await expect(replayed).resolves.toBe(1);
    stop();
    await expect(peer.get('held')).resolves.toBeUndefined();
    await peer.close();
  });

  it('empties memory, and nothing in Redis, where it was trimmed past the last entry that was read', async () => {
    await cache.set('kept', 1);
    const client = redis.client();
    await client
      .multi(
        Array.from({ length: 300 }, (_, i) => [
          'xadd',
          LOG,
          `${Date.now() + 60_000}-${i}`,
          'p',
          i === 0 ? '1-1' : `${Date.now() + 60_000}-${i - 1}`,
          'b',
          '{"s":"x","k":[]}',
        ]),
      )
      .xtrim(LOG, 'MAXLEN', 200)
      .exec();
    await eventually(() => expect(flushed).toEqual(['log-trimmed']));
    await expect(cache.getEntry('kept')).resolves.toMatchObject({ tier: 'redis', value: 1 });
  });

  it('is mended from memory after Redis came back without its end', async () => {
    await cache.set('other', 1);
    const snapshot = await redis.snapshot();
    await cache.delete('held');
    await redis.restart({ snapshot });
    await eventually(() => expect(flushed).toContain('log-rolled-back'));
    await healthy(cache);
    await expect(redis.command('EXISTS', '{followed}:v::held')).resolves.toBe(0);
    const fresh = open();
    await healthy(fresh);
    await expect(fresh.get('held')).resolves.toBeUndefined();
    await fresh.close();
  });
});

describe('logs of several partitions', () => {
  const PARTITIONS = [0, 1, 2, 3];
  const log = (partition: number): string => `{parted:${partition}}:log`;
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  it('that are lost together are reset once: everything is cleared, and each of them says so itself', async () => {
    const open = (heartbeatMs: number): Cache =>
      createCache({ namespace: 'parted', redis: redis.url, partitions: PARTITIONS.length, coherence: { heartbeatMs } });
    const [cache, peer] = [open(50), open(60_000)];
    await eventually(() => {
      for (const one of [cache, peer]) expect(one.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => cache.set(key, key)));
    await eventually(async () => expect(await peer.getEntry('k0')).toMatchObject({ tier: 'memory' }));
    const lost = [1, 3];
    await redis
      .client()
      .multi(lost.map((partition) => ['del', log(partition)]))
      .exec();
    const bodies = async (partition: number): Promise<{ r?: 1; t?: [string, string][] }[]> =>
      (await redis.client().xrange(log(partition), '-', '+')).map(([, fields]) => JSON.parse(fields.at(-1)!));
    const resets = async (): Promise<number[]> =>
      (await Promise.all(PARTITIONS.map(bodies))).map((entries) => entries.filter(({ r }) => r === 1).length);
    const stop = keepReading(cache);
    await eventually(async () => expect(await resets()).toEqual([0, 1, 0, 1]));
    await eventually(() => expect(peer.stats().memory.entries).toBe(0));
    await expect(peer.getMany(keys)).resolves.toEqual(new Map());
    // An instance that was told, by the log or by an announcement, has not done it again.
    await expect(resets()).resolves.toEqual([0, 1, 0, 1]);
    const all = await Promise.all(PARTITIONS.map(bodies));
    expect(all.flat().filter(({ t }) => t?.some(([id]) => id === 'g:'))).toHaveLength(1);
    stop();
    await Promise.all([cache.close(), peer.close()]);
  });
});
