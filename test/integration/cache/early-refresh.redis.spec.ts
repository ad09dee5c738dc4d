import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { RedisServer } from '../../support/redis-server.js';
import { ShiftedClock } from '../../support/shifted-clock.js';

/** So large that every hit is due. */
const DUE = { earlyRefreshBeta: Number.MAX_SAFE_INTEGER } as const;
/** Hits come from Redis, since nothing is kept in memory. */
const IN_REDIS = { tiers: 'redis', ...DUE } as const;

describe('early refresh of an entry in Redis', () => {
  let redis: RedisServer;
  let clock: ShiftedClock;
  let a: Cache;
  let b: Cache;

  beforeAll(async () => {
    redis = await RedisServer.start();
    clock = new ShiftedClock();
    [a, b] = await coherentCaches(redis, { clock }, {});
  });
  afterAll(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  /** Stores a value that took 20 ms to load. */
  const fill = (key: string): Promise<string> => a.getOrLoad(key, () => (clock.shift(20), 'old'), IN_REDIS);

  it('serves the value, and reloads it in the background', async () => {
    await fill('hit');
    const held = new HeldLoad();
    await expect(b.getOrLoad('hit', held.load, IN_REDIS)).resolves.toBe('old');
    await eventually(() => expect(held.calls).toBe(1));
    await expect(b.get('hit')).resolves.toBe('old');
    // Later callers are served as well, and wait for the refresh no more than the first.
    await expect(b.getOrLoad('hit', held.load, IN_REDIS)).resolves.toBe('old');
    await expect(b.getOrLoadMany(['hit'], () => new Map(), IN_REDIS)).resolves.toEqual(new Map([['hit', 'old']]));
    expect(held.calls).toBe(1);
    held.resolve('new');
    await eventually(async () => expect(await b.get('hit', { consistency: 'strict' })).toBe('new'));
  });

  it('does not begin without a β, nor for an entry that is far from its end', async () => {
    await fill('not due');
    let loads = 0;
    const load = (): number => ++loads;
    await expect(b.getOrLoad('not due', load, { tiers: 'redis' })).resolves.toBe('old');
    await expect(b.getOrLoad('not due', load, { tiers: 'redis', earlyRefreshBeta: 1 })).resolves.toBe('old');
    await expect(b.getOrLoad('not due', load, { tiers: 'redis', earlyRefreshBeta: 0 })).resolves.toBe('old');
    await b.getOrLoad('after it', () => 'loaded', { tiers: 'redis' });
    expect(loads).toBe(0);
  });

  it('is left to the instance that has begun it, and is not asked for again at every hit', async () => {
    await fill('shared');
    const held = new HeldLoad();
    await expect(a.getOrLoad('shared', held.load, IN_REDIS)).resolves.toBe('old');
    await eventually(() => expect(held.calls).toBe(1));
    let loadsOfB = 0;
    for (let i = 0; i < 5; i++)
      await expect(b.getOrLoad('shared', () => `own ${++loadsOfB}`, IN_REDIS)).resolves.toBe('old');
    held.resolve('new');
    await eventually(async () => expect(await b.get('shared', { consistency: 'strict' })).toBe('new'));
    expect(loadsOfB).toBe(0);
  });

  it('of an entry in memory takes the value that another instance has reloaded meanwhile', async () => {
    await a.getOrLoad('reloaded', () => (clock.shift(20), 'old'));
    await expect(b.getOrLoad('reloaded', () => 'x', { tiers: 'redis', consistency: 'refresh' })).resolves.toBe('x');
    let loads = 0;
    await expect(a.getOrLoad('reloaded', () => `own ${++loads}`, DUE)).resolves.toBe('old');
    await eventually(async () => expect(await a.getEntry('reloaded')).toMatchObject({ value: 'x', tier: 'memory' }));
    expect(loads).toBe(0);
  });
});
