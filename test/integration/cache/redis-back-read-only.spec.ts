import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../../src/modules/cache/create-cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

/** As after a failover to the last server that is left, where writes must reach a replica. */
describe('a Redis that comes back and refuses writes', () => {
  let redis: RedisServer;
  const opened: Cache[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start({ args: ['--min-replicas-to-write', '1'] });
    await allowWrites();
  });

  afterEach(async () => {
    await allowWrites();
    for (const cache of opened.splice(0)) await cache.close();
    await redis.stop();
  });

  const allowWrites = (): Promise<unknown> => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
  const isUp = { redis: 'up', isCoherent: true };
  const isReadable = { redis: 'degraded', isCoherent: true };

  async function open(state: object): Promise<Cache> {
    const cache = createCache({ namespace: 'back', redis: redis.url, memory: false });
    opened.push(cache);
    await eventually(() => expect(cache.stats()).toMatchObject(state));
    return cache;
  }

  it('is read from, except keys whose invalidation waits to be sent', async () => {
    const a = await open(isUp);
    await Promise.all(['k', 'other'].map((key) => a.set(key, 'old')));
    const snapshot = await redis.snapshot();
    await redis.kill();
    await eventually(() => expect(a.stats().redis).toBe('down'));
    await expect(a.delete('k')).resolves.toEqual({ status: 'queued' });

    await redis.restart({ snapshot });

    await eventually(() => expect(a.stats()).toMatchObject(isReadable));
    await eventually(async () => expect(await a.get('other')).toBe('old'));
    await expect(a.get('k')).resolves.toBeUndefined();
    await expect(a.getOrLoad('k', () => 'new')).resolves.toBe('new');
    await allowWrites();
    await eventually(() => expect(a.stats()).toMatchObject({ ...isUp, queuedInvalidations: 0 }));
    await expect(redis.command('EXISTS', '{back}:v::k')).resolves.toBe(0);
  });

  it('is read from, except keys whose invalidation it has lost: instances that know tell those that start later', async () => {
    const [a, b] = [await open(isUp), await open(isUp)];
    await Promise.all(['k', 'tagged', 'other'].map((key) => a.set(key, 'old', { tags: [`tag of ${key}`] })));
    const snapshot = await redis.snapshot();
    await expect(a.delete('k')).resolves.toEqual({ status: 'applied' });
    await expect(a.invalidateTags(['tag of tagged'])).resolves.toEqual({ status: 'applied' });

    await redis.restart({ snapshot });

    const c = await open(isReadable);
    for (const one of [a, b, c]) {
      await eventually(() => expect(one.stats()).toMatchObject(isReadable));
      await eventually(async () => expect(await one.get('other')).toBe('old'));
      await eventually(async () => expect(await one.getMany(['k', 'tagged'])).toEqual(new Map()));
    }
    await expect(redis.command('EXISTS', '{back}:v::k')).resolves.toBe(1);
    for (const one of [a, b, c]) {
      await expect(one.getMany(['k', 'tagged'])).resolves.toEqual(new Map());
      await expect(one.getOrLoad('k', () => 'new')).resolves.toBe('new');
    }
    await allowWrites();
    for (const one of [a, b, c])
      await eventually(() => expect(one.stats()).toMatchObject({ ...isUp, queuedInvalidations: 0 }));
    await expect(redis.command('EXISTS', '{back}:v::k')).resolves.toBe(0);
    await expect(a.getMany(['k', 'tagged'])).resolves.toEqual(new Map());
  });
});
