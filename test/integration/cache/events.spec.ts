import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { recordedEvents } from '../../support/recorded-events.js';
import { RedisServer } from '../../support/redis-server.js';

/** The events that need Redis; the others are in `engine/contract/events.spec.ts`. */
describe('events with Redis', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeEach(async () => {
    redis = await RedisServer.start();
    [a, b] = await coherentCaches(redis, { maxValueBytes: 100_000 }, { coherence: { heartbeatMs: 20 } });
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  it('hit: from Redis, with its tier', async () => {
    const hits = recordedEvents(b, 'hit');
    await a.set('k', 1);
    await b.get('k', { consistency: 'strict' });
    await b.getMany(['k'], { consistency: 'strict' });
    await b.getOrLoad('k', () => 2, { consistency: 'strict' });
    await b.getOrLoadMany(['k'], () => new Map(), { consistency: 'strict' });
    expect(hits).toEqual(Array.from({ length: 4 }, () => ({ cache: 'larder', key: 'k', tier: 'redis' })));
  });

  it('fill: into Redis, with the bytes there', async () => {
    const fills = recordedEvents(a, 'fill');
    await a.getOrLoad('k', () => 'x'.repeat(1_000));
    expect(fills).toEqual([{ cache: 'larder', key: 'k', tier: 'redis', sizeBytes: expect.any(Number) }]);
    expect(fills[0]!.sizeBytes).toBe(Number(await redis.command('STRLEN', '{larder}:v::k')));
  });

  it('fillRejected, lease-lost: the key was deleted during the load', async () => {
    const rejected = recordedEvents(a, 'fillRejected');
    await a.getOrLoad('k', () => b.delete('k'));
    expect(rejected).toEqual([{ cache: 'larder', key: 'k', reason: 'lease-lost' }]);
  });

  it('fillRejected, tag-changed: its tag was invalidated during the load', async () => {
    const rejected = recordedEvents(a, 'fillRejected');
    await a.getOrLoad('k', () => a.invalidateTags(['t']), { tags: ['t'] });
    expect(rejected).toEqual([{ cache: 'larder', key: 'k', reason: 'tag-changed' }]);
  });

  it('fillRejected, not-storable: the value is larger than maxValueBytes', async () => {
    const rejected = recordedEvents(a, 'fillRejected');
    await a.getOrLoad('k', () => 'x'.repeat(200_000));
    await eventually(() => expect(rejected).toEqual([{ cache: 'larder', key: 'k', reason: 'not-storable' }]));
  });

  it('fillRejected, redis-unavailable: Redis went away during the load', async () => {
    const rejected = recordedEvents(a, 'fillRejected');
    await expect(a.getOrLoad('k', () => redis.kill())).resolves.toBeUndefined();
    await eventually(() => expect(rejected).toEqual([{ cache: 'larder', key: 'k', reason: 'redis-unavailable' }]));
  });

  it('coalesced: for a caller that waits for the load of another instance', async () => {
    const coalesced = recordedEvents(b, 'coalesced');
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load);
    await eventually(() => expect(held.calls).toBe(1));
    const waiting = b.getOrLoad('k', () => 'own');
    await eventually(() => expect(coalesced[0]).toEqual({ cache: 'larder', key: 'k', origin: 'remote' }));
    held.resolve('value');
    await expect(Promise.all([loading, waiting])).resolves.toEqual(['value', 'value']);
  });

  it('invalidationReceived: each kind of invalidation of another instance', async () => {
    const received = recordedEvents(b, 'invalidationReceived');
    await a.delete(['k', 'l']);
    await a.invalidateTags(['t']);
    await a.clear();
    await eventually(() =>
      expect(received).toEqual([
        { cache: 'larder', kind: 'keys', count: 2 },
        { cache: 'larder', kind: 'tags', count: 1 },
        { cache: 'larder', kind: 'clear', count: 1 },
      ]),
    );
  });

  it('invalidationReplayed: invalidations that were read from the log, since no announcement brought them', async () => {
    const replayed = recordedEvents(b, 'invalidationReplayed');
    const client = redis.client();
    const last = (await client.xrevrange('{larder}:log', '+', '-', 'COUNT', 1))[0]![0];
    await client.xadd('{larder}:log', '*', 'p', last, 'b', JSON.stringify({ s: 'another', k: ['k'] }));
    await b.get('k');
    await eventually(() => expect(replayed).toEqual([{ cache: 'larder', count: 1 }]));
  });

  it('memoryFlushed: the log was lost, so memory can vouch for nothing', async () => {
    const flushed = recordedEvents(b, 'memoryFlushed');
    await b.set('k', 1);
    await redis.command('DEL', '{larder}:log');
    await eventually(async () => {
      await b.get('another');
      expect(flushed[0]).toMatchObject({ cache: 'larder', reason: expect.stringMatching(/^log-/) });
    });
  });

  it('unreadable: bytes in a slot that are no entry are a miss', async () => {
    const unreadable = recordedEvents(a, 'unreadable');
    await redis.command('SET', '{larder}:v::k', 'no entry of ours');
    await expect(a.get('k')).resolves.toBeUndefined();
    expect(unreadable).toEqual([{ cache: 'larder', key: 'k', reason: 'foreign' }]);
  });

  it('coherence, outbox and write: while Redis is away, and when it has returned', async () => {
    const [coherence, outbox, writes] = [
      recordedEvents(b, 'coherence'),
      recordedEvents(b, 'outbox'),
      recordedEvents(b, 'write'),
    ];
    await redis.kill();
    await eventually(() => expect(coherence.at(-1)).toMatchObject({ cache: 'larder', isCoherent: false }));
    await expect(b.delete(['k', 'l'])).resolves.toEqual({ status: 'queued' });
    expect(writes).toEqual([{ cache: 'larder', operation: 'delete', status: 'queued', count: 2 }]);
    expect(outbox.at(-1)).toEqual({ cache: 'larder', size: 2, event: 'queued' });
    await redis.restart();
    await eventually(() => expect(outbox.at(-1)).toEqual({ cache: 'larder', size: 0, event: 'drained' }));
    await eventually(() => expect(coherence.at(-1)).toMatchObject({ cache: 'larder', isCoherent: true }));
  });

  it('outbox, overflowed: past outbox.maxItems the queue becomes one clear', async () => {
    const [small] = await coherentCaches(redis, { outbox: { maxItems: 3 } });
    const outbox = recordedEvents(small, 'outbox');
    await redis.kill();
    await small.delete(['a', 'b', 'c', 'd', 'e']);
    await eventually(() => expect(outbox.map(({ event }) => event)).toContain('overflowed'));
    await small.close();
  });
});
