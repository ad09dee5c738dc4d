import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, systemClock } from '../../src/common/clock.js';
import type { Cache } from '../../src/modules/cache/engine/contract/cache.js';
import type { CacheOptions } from '../../src/modules/cache/create-cache.options.js';
import { createCache } from '../../src/modules/cache/create-cache.js';
import { eventually } from '../support/eventually.js';
import { printFigures } from './support/figures.js';
import { RedisServer } from '../support/redis-server.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a cache at its limits', () => {
  let redis: RedisServer;
  const opened: Cache[] = [];
  const open = (options: Partial<CacheOptions> = {}): Cache => {
    const cache = createCache({ namespace: 'limits', redis: redis.url, ttlMs: 60_000, ...options });
    opened.push(cache);
    return cache;
  };
  const healthy = (cache: Cache): Promise<void> =>
    eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true, queuedInvalidations: 0 }));
  const down = (cache: Cache): Promise<void> => eventually(() => expect(cache.stats().redis).toBe('down'));

  beforeEach(async () => {
    redis = await RedisServer.start();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
    await redis.stop();
  });

  it('keeps its memory bounded through a million invalidations while Redis is away, and serves nothing old after', async () => {
    const [a, b] = [open({ outbox: { maxItems: 10_000 } }), open()];
    await Promise.all([healthy(a), healthy(b)]);
    await a.set('old', 1);
    await expect(b.get('old')).resolves.toBe(1);
    await redis.restart({ keepData: true });
    await healthy(a);
    const snapshot = await redis.snapshot();
    await redis.kill();
    await down(a);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 1_000; i++) {
      const keys = Array.from({ length: 1_000 }, (_, j) => `gone:${i}:${j}`);
      await expect(a.delete(i === 0 ? [...keys, 'old'] : keys)).resolves.toEqual({ status: 'queued' });
    }
    collectGarbage();
    const grownBytes = process.memoryUsage().heapUsed - before;
    expect(a.stats().queuedInvalidations).toBeLessThanOrEqual(10_000);
    expect(grownBytes).toBeLessThan(20 * 2 ** 20);
    await redis.restart({ snapshot });
    const backAtMs = performance.now();
    await Promise.all([healthy(a), healthy(b)]);
    const wellMs = Math.round(performance.now() - backAtMs);
    printFigures('a million invalidations without Redis', { grownMB: (grownBytes / 2 ** 20).toFixed(1), wellMs });
    await expect(a.get('old')).resolves.toBeUndefined();
    await eventually(async () => expect(await b.get('old')).toBeUndefined());
  });

  it('leaves its outbox to the next process when it has a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'larder-outbox-'));
    const file = join(directory, 'outbox.jsonl');
    const [a, b] = [open({ outbox: { file } }), open()];
    await Promise.all([healthy(a), healthy(b)]);
    await a.set('kept', 1, { tags: ['t'] });
    await a.set('tagged', 1, { tags: ['t'] });
    const snapshot = await redis.snapshot();
    await redis.kill();
    await down(a);
    await expect(a.delete('kept')).resolves.toEqual({ status: 'queued' });
    await expect(a.invalidateTags(['t'])).resolves.toEqual({ status: 'queued' });
    // The process ends without having sent anything; another begins with its file.
    await opened.splice(opened.indexOf(a), 1)[0]!.close();
    await redis.restart({ snapshot });
    const next = open({ outbox: { file } });
    await Promise.all([healthy(next), healthy(b)]);
    await expect(next.getMany(['kept', 'tagged'])).resolves.toEqual(new Map());
    await eventually(async () => expect(await b.getMany(['kept', 'tagged'])).toEqual(new Map()));
    rmSync(directory, { recursive: true });
  });

  it("follows Redis's time when the system's clock jumps by an hour", async () => {
    let jumpMs = 0;
    const jumpy: Clock = { ...systemClock, wallMs: () => Date.now() + jumpMs };
    const [a, b] = [open({ clock: jumpy }), open()];
    await Promise.all([healthy(a), healthy(b)]);
    for (jumpMs of [3_600_000, -3_600_000]) {
      const key = `jump:${jumpMs}`;
      await a.set(key, 1, { ttlMs: 30_000 });
      const entry = await b.getEntry(key);
      expect(entry!.ttlMs).toBeGreaterThan(15_000);
      expect(entry!.ttlMs).toBeLessThanOrEqual(30_000);
      await b.delete(key);
      await eventually(async () => expect(await a.get(key)).toBeUndefined());
    }
    const late = open({ clock: jumpy });
    await healthy(late);
    await a.set('late', 1, { ttlMs: 30_000 });
    await expect(late.get('late')).resolves.toBe(1);
  });

  it('serves stale values while the source fails, calls it no more often than its cap, and recovers', async () => {
    const cache = open({ maxConcurrentLoads: 4, memory: false });
    await healthy(cache);
    for (let i = 0; i < 50; i++) await cache.set(`s${i}`, `old ${i}`, { ttlMs: 0, graceMs: 60_000 });
    let running = 0;
    let most = 0;
    let isFailing = true;
    const load = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      if (isFailing) throw new Error('source down');
      return 'new';
    };
    const readAll = (): Promise<string[]> =>
      Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          cache.getOrLoad(`s${i}`, load, { graceMs: 60_000, failSafeThrottleMs: 0 }),
        ),
      );
    await expect(readAll()).resolves.toEqual(Array.from({ length: 50 }, (_, i) => `old ${i}`));
    expect(most).toBeLessThanOrEqual(4);
    await expect(cache.getOrLoad('nothing stale', load)).rejects.toThrow('source down');
    isFailing = false;
    await expect(readAll()).resolves.toEqual(Array.from({ length: 50 }, () => 'new'));
  });

  it('goes on when Redis takes no more clients, and is back when it does', async () => {
    const a = open();
    await healthy(a);
    const admin = redis.client();
    await admin.call('CONFIG', 'SET', 'maxclients', 1);
    const b = open();
    await expect(b.getOrLoad('k', () => 1)).resolves.toBe(1);
    await expect(a.getOrLoad('k', () => 1)).resolves.toBe(1);
    await admin.call('CONFIG', 'SET', 'maxclients', 1_000);
    await Promise.all([healthy(a), healthy(b)]);
  });

  it('knocks less than a few times a second where there is no room, and is let in when there is', async () => {
    const a = open();
    await healthy(a);
    const admin = redis.client();
    await admin.call('CONFIG', 'SET', 'maxclients', 1);
    for (const type of ['normal', 'pubsub']) await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    const rejected = async (): Promise<number> =>
      Number(/rejected_connections:(\d+)/.exec(String(await admin.info('stats')))![1]);
    await eventually(async () => expect(await rejected()).toBeGreaterThan(5));
    const [before, sinceMs] = [await rejected(), performance.now()];
    await delay(5_000);
    const perSecond = ((await rejected()) - before) / ((performance.now() - sinceMs) / 1_000);
    printFigures('maxclients reached', { connectsPerSecond: Number(perSecond.toFixed(1)) });
    // About 1.7 in the long run; one connection that begins its backoff anew each time makes forty.
    expect(perSecond).toBeLessThan(6);
    await admin.call('CONFIG', 'SET', 'maxclients', 1_000);
    await healthy(a);
  });

  it('drops a write that Redis would get after its time', async () => {
    const a = open();
    await healthy(a);
    const direct = redis.client();
    await a.set('ghost', 'newest');
    redis.pause();
    const receipts = await Promise.all(Array.from({ length: 20 }, () => a.set('ghost', 'given up')));
    expect(new Set(receipts.map(({ status }) => status))).toEqual(new Set(['queued']));
    // The last value would be sent when Redis is there. A value that was deleted since is not sent.
    await a.delete('ghost');
    redis.resume();
    await healthy(a);
    const stored = await direct.getBuffer('{limits}:v::ghost');
    expect(stored?.includes('given up') ?? false).toBe(false);
    await expect(open().get('ghost')).resolves.toBeUndefined();
    direct.disconnect();
  });
});

describe('a Redis that reads but does not write', () => {
  it('lets no instance serve a value that another could not remove', async () => {
    const redis = await RedisServer.start();
    const open = (): Cache => createCache({ namespace: 'refused', redis: redis.url, ttlMs: 60_000 });
    const [a, b] = [open(), open()];
    const isUp = expect.objectContaining({ redis: 'up', isCoherent: true, queuedInvalidations: 0 });
    await eventually(() => expect([a.stats(), b.stats()]).toEqual([isUp, isUp]));
    await a.set('k', 'old', { tags: ['t'] });
    await a.set('tagged', 'old', { tags: ['t'] });
    await expect(b.getMany(['k', 'tagged'])).resolves.toEqual(
      new Map([
        ['k', 'old'],
        ['tagged', 'old'],
      ]),
    );

    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
    await expect(a.delete('k')).resolves.toEqual({ status: 'queued' });
    await expect(a.invalidateTags(['t'])).resolves.toEqual({ status: 'queued' });
    await eventually(async () => expect(await b.getMany(['k', 'tagged'])).toEqual(new Map()));
    await expect(b.getOrLoad('k', () => 'new')).resolves.toBe('new');

    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    await eventually(() => expect([a.stats(), b.stats()]).toEqual([isUp, isUp]));
    await a.set('k', 'newest');
    await eventually(async () => expect(await b.get('k')).toBe('newest'));
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });
});
