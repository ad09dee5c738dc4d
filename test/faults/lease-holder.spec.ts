import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cache } from '../../src/modules/cache/engine/contract/cache.js';
import { createCache } from '../../src/modules/cache/create-cache.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { printFigures } from './support/figures.js';

const TYPESCRIPT = new URL('../consistency/harness/typescript.mjs', import.meta.url).href;
const HOLDER = fileURLToPath(new URL('./support/lease-holder.ts', import.meta.url));

describe('an instance killed while it loads', () => {
  let redis: RedisServer;
  let caches: Cache[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    // On a busy machine a shorter wait would make a reader load without asking for the lease.
    caches = [1, 2].map(() =>
      createCache({ namespace: 'holder', redis: redis.url, ttlMs: 60_000, minReadTimeoutMs: 10_000 }),
    );
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await redis.stop();
  });

  it('holds readers up until its lease has expired, and then one of them loads under a lease of its own', async () => {
    for (const cache of caches)
      await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    const holder = fork(HOLDER, [redis.url], {
      execArgv: ['--import', TYPESCRIPT],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(holder, 'message');

    // Under a key without a value lies the lease, which is random for each holder.
    const lease = (): Promise<unknown> => redis.command('GET', '{holder}:v::k');
    const leaseOfHolder = await lease();
    expect(leaseOfHolder).toEqual(expect.any(String));
    const leasesOfLoads: unknown[] = [];
    const load = async (): Promise<string> => {
      leasesOfLoads.push(await lease());
      return 'loaded';
    };
    const askedAtMs = performance.now();
    const waiting = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrLoad('k', load)));
    holder.kill('SIGKILL');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['loaded']));
    const waitedMs = Math.round(performance.now() - askedAtMs);
    printFigures('lease holder killed', { waitedMs, loads: leasesOfLoads.length });
    expect(leasesOfLoads).toEqual([expect.any(String)]);
    expect(leasesOfLoads).not.toContain(leaseOfHolder);
  });
});
