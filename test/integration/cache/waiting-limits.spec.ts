import { createCache } from '../../../src/modules/cache/create-cache.js';
import type { Cache } from '../../../src/modules/cache/engine/contract/cache.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

let redis: RedisServer;
let a: Cache;
let b: Cache;

beforeAll(async () => {
  redis = await RedisServer.start();
  [a, b] = [createCache({ redis: redis.url }), createCache({ redis: redis.url })];
  await eventually(() => {
    for (const cache of [a, b]) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
  });
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await redis.stop();
});

/** A load that ends when it is told to. */
function heldLoad() {
  let end!: (value: string) => void;
  const value = new Promise<string>((resolve) => (end = resolve));
  let starts = 0;
  const load = () => {
    starts += 1;
    return value;
  };
  return { load, end, starts: () => starts };
}

describe('a load on another instance', () => {
  it('is waited for as long as the namespace says loads may take, and no longer', async () => {
    const [slow, quick] = [{ maxLoadMs: 60_000 }, { maxLoadMs: 100 }];
    const { load, end, starts } = heldLoad();
    const ofA = [a.namespace('slow', slow).getOrLoad('k', load), a.namespace('quick', quick).getOrLoad('k', load)];
    await eventually(() => expect(starts()).toBe(2));
    let loadsOfB = 0;
    const own = () => {
      loadsOfB += 1;
      return 'own';
    };
    const waiting = b.namespace('slow', slow).getOrLoad('k', own);
    expect(await b.namespace('quick', quick).getOrLoad('k', own)).toBe('own');
    expect(loadsOfB).toBe(1);
    end('from a');
    expect(await waiting).toBe('from a');
    await Promise.all(ofA);
    expect(loadsOfB).toBe(1);
  });
});

describe('while Redis is slow to answer', () => {
  it('a namespace with a long minReadTimeoutMs waits for it, and others load meanwhile', async () => {
    const dear = { minReadTimeoutMs: 30_000, tiers: 'redis' } as const;
    const cheap = { tiers: 'redis' } as const;
    const loaded: string[] = [];
    const read = (name: string, options: typeof dear | typeof cheap) =>
      b.namespace(name, options).getOrLoad('k', () => {
        loaded.push(name);
        return 'loaded';
      });
    for (const [name, options] of Object.entries({ dear, cheap })) {
      await a.namespace(name, options).set('k', 'stored');
      // Versions are known from here on.
      expect(await read(name, options)).toBe('stored');
    }
    redis.pause();
    const patient = read('dear', dear);
    expect(await read('cheap', cheap)).toBe('loaded');
    redis.resume();
    expect(await patient).toBe('stored');
    expect(loaded).toEqual(['cheap']);
  });
});
