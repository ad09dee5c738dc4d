import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { CacheProcess } from './support/cache-process.js';
import { coherentCaches } from '../../support/coherent-caches.js';

const QUEUED = { status: 'queued' };

describe('processes that were given the same outbox file', () => {
  let redis: RedisServer;
  let directory: string;
  let file: string;
  /** Stores the entries; has no outbox of its own. */
  let peer: Cache;
  const processes: CacheProcess[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start();
    directory = mkdtempSync(join(tmpdir(), 'larder-outbox-'));
    file = join(directory, 'outbox');
    [peer] = await coherentCaches(redis, { namespace: 'shared', memory: false });
  });

  afterEach(async () => {
    for (const one of processes.splice(0)) await one.kill();
    await peer.close();
    await redis.stop();
    rmSync(directory, { recursive: true });
  });

  async function start(user = 'default', maxItems = 10_000): Promise<CacheProcess> {
    const url = new URL(redis.url);
    if (user !== 'default') [url.username, url.password] = [user, 'secret'];
    const started = CacheProcess.start({ namespace: 'shared', redis: url.href, outbox: { file, maxItems } });
    processes.push(started);
    await eventually(async () => expect((await started.stats()).isCoherent).toBe(true));
    return started;
  }

  const refuseWrites = (areRefused: boolean): Promise<unknown> =>
    redis.command('CONFIG', 'SET', 'min-replicas-to-write', areRefused ? '1' : '0');
  const inRedis = (keys: readonly string[]): Promise<unknown> =>
    redis.command('EXISTS', ...keys.map((key) => `{shared}:v::${key}`));
  const setAll = async (keys: readonly string[]): Promise<void> => {
    await Promise.all(keys.map((key) => peer.set(key, 'old')));
    await expect(inRedis(keys)).resolves.toBe(keys.length);
  };

  it('lose no invalidation of each other: those of a killed process are sent by the next one', async () => {
    // May do everything but remove: its own invalidations wait while others' are sent.
    await redis.command('ACL', 'SETUSER', 'keeper', 'on', '>secret', '~*', '&*', '+@all', '-del');
    const mine = Array.from({ length: 500 }, (_, i) => `mine-${i}`);
    await setAll([...mine, 'other']);
    const [killed, living] = [await start('keeper'), await start()];
    await expect(killed.delete(mine)).resolves.toEqual(QUEUED);
    await refuseWrites(true);
    await expect(living.delete(['other'])).resolves.toEqual(QUEUED);
    // It has sent its own, and its file goes.
    await refuseWrites(false);
    await eventually(async () => expect((await living.stats()).queuedInvalidations).toBe(0));
    await expect(inRedis(['other'])).resolves.toBe(0);
    await expect(inRedis(mine)).resolves.toBe(mine.length);

    await killed.kill();
    const next = await start();

    await eventually(async () => expect(await inRedis(mine)).toBe(0));
    await eventually(async () => expect((await next.stats()).queuedInvalidations).toBe(0));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leave each other’s files alone while they live, and take all of those that were killed', async () => {
    const keys = ['a', 'b', 'c'];
    await setAll(keys);
    const three = [await start(), await start(), await start()];
    await refuseWrites(true);
    for (const [i, one] of three.entries()) await expect(one.delete([keys[i]!])).resolves.toEqual(QUEUED);
    expect(readdirSync(directory)).toHaveLength(3);

    await start();
    expect(readdirSync(directory)).toHaveLength(3);
    for (const one of three) await one.kill();
    const next = await start();
    expect((await next.stats()).queuedInvalidations).toBe(3);
    expect(readdirSync(directory)).toHaveLength(1);
    await refuseWrites(false);

    await eventually(async () => expect(await inRedis(keys)).toBe(0));
  });

  it('clear everything when one of them was killed with an outbox that had overflowed', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    await setAll(keys);
    const killed = await start('default', 100);
    await refuseWrites(true);
    await expect(killed.delete(keys)).resolves.toEqual(QUEUED);
    expect((await killed.stats()).queuedInvalidations).toBe(1);
    await killed.kill();
    await refuseWrites(false);

    await start();

    await eventually(async () => expect(await peer.getMany(keys)).toEqual(new Map()));
  });
});
