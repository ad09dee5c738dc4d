import type { Cache } from '../../../src/modules/cache/engine/cache.js';
import type { CacheEvents } from '../../../src/modules/cache/engine/events.js';
import { createCache } from '../../../src/modules/cache/engine/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

const LOG = '{followed}:log';

describe('the invalidation log', () => {
  let redis: RedisServer;
  let cache: Cache;
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
    await cache.set('held', 1);
  });

  afterEach(async () => {
    await cache.close();
    await redis.stop();
  });

  it('is never empty: there would be no telling that it lost what it held', async () => {
    const other = await RedisServer.start();
    const fresh = createCache({ namespace: 'followed', redis: other.url });
    await healthy(fresh);
    await expect(other.command('XLEN', LOG)).resolves.toBe(1);
    await fresh.close();
    await other.stop();
  });

  it('empties memory when it is lost, and clears what other instances may hold', async () => {
    await redis.command('DEL', LOG);
    await eventually(() => expect(flushed).toEqual(['log-lost']));
    await expect(cache.get('held')).resolves.toBeUndefined();
    await expect(cache.getOrLoad('held', () => 2)).resolves.toBe(2);
  });

  it('is read where announcements were missed', async () => {
    const peer = open();
    await healthy(peer);
    await expect(peer.get('held')).resolves.toBe(1);
    // The announcement is there for nobody: the channel is renamed under its publisher.
    const replayed = new Promise((resolve) => peer.on('invalidationReplayed', ({ count }) => resolve(count)));
    const previous = (await redis.client().xrevrange(LOG, '+', '-', 'COUNT', 1))[0]![0];
    await redis.command('DEL', '{followed}:v::held');
    await redis.command('XADD', LOG, '*', 'p', previous, 'b', JSON.stringify({ s: 'someone', k: ['held'] }));
    await expect(replayed).resolves.toBe(1);
    await expect(peer.get('held')).resolves.toBeUndefined();
    await peer.close();
  });

  it('empties memory, and nothing in Redis, where it was trimmed past what was heard', async () => {
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
