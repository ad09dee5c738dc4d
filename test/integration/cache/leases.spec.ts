import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { coherentCaches } from '../../support/coherent-caches.js';
import { eventually } from '../../support/eventually.js';
import { HeldLoad } from '../../support/held-load.js';
import { RedisServer } from '../../support/redis-server.js';

describe('leases', () => {
  let redis: RedisServer;
  let a: Cache;
  let b: Cache;

  beforeEach(async () => {
    redis = await RedisServer.start();
    [a, b] = await coherentCaches(redis, {}, {});
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });

  /** Milliseconds left of the lease on an empty slot; negative without one. */
  const leaseLeftMs = async (key: string): Promise<number> => Number(await redis.command('PTTL', `{larder}:v::${key}`));
  /** Resolves when the load runs, under a lease. */
  const isLeased = (key: string, load: HeldLoad): Promise<void> =>
    eventually(async () => {
      expect(await leaseLeftMs(key)).toBeGreaterThan(0);
      expect(load.calls).toBeGreaterThan(0);
    });

  it('are 2 seconds long at first, and shorter after loads that were short', async () => {
    const held = new HeldLoad();
    const first = a.getOrLoad('first', held.load);
    await isLeased('first', held);
    // Renewed at its half, it comes back to this on a busy machine too.
    await eventually(async () => expect(await leaseLeftMs('first')).toBeGreaterThan(1_000));
    expect(await leaseLeftMs('first')).toBeLessThanOrEqual(2_000);
    held.resolve('value');
    await first;
    for (let i = 0; i < 40; i++) await a.getOrLoad(`quick:${i}`, () => 'value');
    const laterLoad = new HeldLoad();
    const later = a.getOrLoad('later', laterLoad.load);
    await isLeased('later', laterLoad);
    expect(await leaseLeftMs('later')).toBeLessThanOrEqual(1_000);
    laterLoad.resolve('value');
    await later;
  });

  it('are renewed for as long as the load takes', async () => {
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load);
    await isLeased('k', held);
    let least = Number.POSITIVE_INFINITY;
    await eventually(async () => {
      const leftMs = await leaseLeftMs('k');
      expect(leftMs).toBeGreaterThan(0);
      least = Math.min(least, leftMs);
      expect(leftMs).toBeGreaterThan(least + 200);
    });
    held.resolve('value');
    await loading;
    await expect(b.get('k')).resolves.toBe('value');
  });

  it('keep other instances waiting, which then take the value', async () => {
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load);
    await isLeased('k', held);
    let loadsOfB = 0;
    const waiting = b.getOrLoad('k', () => `own ${++loadsOfB}`);
    held.resolve('from a');
    await expect(Promise.all([loading, waiting])).resolves.toEqual(['from a', 'from a']);
    expect(loadsOfB).toBe(0);
  });

  it.each([
    ['fails', (held: HeldLoad) => held.reject(new Error('down'))],
    [
      'is not to be stored',
      (held: HeldLoad) => {
        held.contexts[0]!.skipStore();
        held.resolve('value');
      },
    ],
  ])('are released when a load %s, so that the next one need not wait', async (_, end) => {
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load).catch(() => 'failed');
    await isLeased('k', held);
    const waiting = b.getOrLoad('k', () => 'own');
    end(held);
    await loading;
    await expect(waiting).resolves.toBe('own');
    await expect(b.get('k', { consistency: 'strict' })).resolves.toBe('own');
  });

  it('are released when the last caller leaves', async () => {
    const leaving = new AbortController();
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load, { signal: leaving.signal }).catch(() => 'left');
    await isLeased('k', held);
    leaving.abort();
    await expect(loading).resolves.toBe('left');
    await eventually(async () => expect(await leaseLeftMs('k')).toBeLessThan(0));
  });

  it('are taken over by a refresh: its value is stored, and that of the earlier load is not', async () => {
    const held = new HeldLoad();
    const loading = a.getOrLoad('k', held.load);
    await isLeased('k', held);
    await expect(b.getOrLoad('k', () => 'refreshed', { consistency: 'refresh' })).resolves.toBe('refreshed');
    held.resolve('old');
    await expect(loading).resolves.toBe('old');
    await expect(a.get('k', { consistency: 'strict' })).resolves.toBe('refreshed');
  });

  it('are not taken for values that are kept in memory only, or not stored', async () => {
    const held = new HeldLoad();
    const calls = [
      a.getOrLoad('memory', held.load, { tiers: 'memory' }),
      a.getOrLoad('bypass', held.load, { consistency: 'bypass' }),
    ];
    await eventually(() => expect(held.calls).toBe(2));
    await expect(Promise.all([leaseLeftMs('memory'), leaseLeftMs('bypass')])).resolves.toEqual([-2, -2]);
    held.resolve('value');
    held.resolve('value');
    await Promise.all(calls);
  });
});
