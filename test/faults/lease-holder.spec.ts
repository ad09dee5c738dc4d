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
    // With patience: a busy machine must not make a reader load without asking for the lease.
    caches = [1, 2].map(() =>
      createCache({ namespace: 'holder', redis: redis.url, ttlMs: 60_000, minReadTimeoutMs: 400 }),
    );
  });
  afterEach(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await redis.stop();
  });

  it('holds nobody up for longer than its lease, after which one of those who wait loads', async () => {
    for (const cache of caches)
      await eventually(() => expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    const holder = fork(HOLDER, [redis.url], {
      execArgv: ['--import', TYPESCRIPT],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(holder, 'message');

    let loads = 0;
    const load = async (): Promise<string> => {
      loads++;
      return 'loaded';
    };
    const askedAtMs = performance.now();
    const waiting = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrLoad('k', load)));
    holder.kill('SIGKILL');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['loaded']));
    const waitedMs = Math.round(performance.now() - askedAtMs);
    printFigures('lease holder killed', { waitedMs, loads });
    expect(loads).toBe(1);
    // The lease was held: its shortest is a second.
    expect(waitedMs).toBeGreaterThan(500);
  }, 30_000);
});
