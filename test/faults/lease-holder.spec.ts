import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createCache } from '../../src/modules/cache/engine/create-cache.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { printFigures } from './support/figures.js';

const TYPESCRIPT = new URL('../consistency/harness/typescript.mjs', import.meta.url).href;
const HOLDER = fileURLToPath(new URL('./support/lease-holder.ts', import.meta.url));

describe('an instance killed while it loads', () => {
  it('holds nobody up for longer than its lease, after which one of those who wait loads', async () => {
    const redis = await RedisServer.start();
    const holder = fork(HOLDER, [redis.url], {
      execArgv: ['--import', TYPESCRIPT],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(holder, 'message');
    const caches = [1, 2].map(() => createCache({ namespace: 'holder', redis: redis.url, ttlMs: 60_000 }));
    for (const cache of caches) await eventually(() => expect(cache.stats().isCoherent).toBe(true));

    let loads = 0;
    const load = async (): Promise<string> => {
      loads++;
      return 'loaded';
    };
    const askedAtMs = performance.now();
    const waiting = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrLoad('k', load)));
    const died = once(holder, 'exit');
    holder.kill('SIGKILL');
    await died;
    expect(loads).toBe(0);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['loaded']));
    printFigures('lease holder killed', { waitedMs: Math.round(performance.now() - askedAtMs), loads });
    expect(loads).toBe(1);

    await Promise.all(caches.map((cache) => cache.close()));
    await redis.stop();
  }, 30_000);
});
