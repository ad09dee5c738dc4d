import { CACHE_MANAGER, CacheInterceptor } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Injectable, UseInterceptors } from '@nestjs/common';
import type { Cache as CacheManager } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import * as suite from '@keyv/test-suite';
import type { Redis } from 'ioredis';
import { Keyv, type KeyvOptions } from 'keyv';
import { CacheManagerModule, createCache } from '../../../src/modules/cache/index.js';
import { CacheManagerStore } from '../../../src/modules/cache/interop/cache-manager.store.js';
import { fromSafeString, toSafeString } from '../../../src/modules/cache/interop/safe-string.js';
import { createRedisPool, REDIS_POOL, type RedisPool } from '../../../src/modules/redis/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { vitestOnJest } from '../../support/vitest-on-jest.js';

@Injectable()
class Legacy {
  constructor(@Inject(CACHE_MANAGER) readonly manager: CacheManager) {}
}

@Controller('legacy')
@UseInterceptors(CacheInterceptor)
class LegacyRoutes {
  runs = 0;

  @Get()
  get(): { runs: number } {
    return { runs: ++this.runs };
  }
}

const parts = { imports: [CacheManagerModule], providers: [Legacy], controllers: [LegacyRoutes] };

/** Strings a reviver would run or rewrite. */
const HOSTILE = [
  '_function_then|globalThis.hasRun = true',
  '_function_x|(() => { globalThis.hasRun = true; })()',
  '_date_2020-01-01T00:00:00.000Z',
  '_symbol_x',
  '_undefined_',
  '_duplicate_["v"]',
  '_regexp_g|x',
  '_Infinity_',
  '_constructor-name_',
  'larder:0:bnVsbA',
  '{"type":"Buffer","data":[1]}',
  '"',
  '\u0000\ud800',
];

declare global {
  // oxlint-disable-next-line no-var
  var hasRun: boolean | undefined;
}

describe.each(['with Redis', 'without Redis'])('CACHE_MANAGER %s', (how) => {
  let redis: RedisServer;
  let app: CacheApp;
  let manager: CacheManager;

  beforeAll(async () => {
    redis = await RedisServer.start();
    app = await startCacheApp(parts, how === 'with Redis' ? { REDIS_URL: redis.url } : {});
    if (how === 'with Redis') await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    manager = app.get<Legacy>(Legacy).manager;
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  it.each(HOSTILE)('gives back %j as the same string, and runs nothing', async (text) => {
    for (const value of [text, thenable(text), { toJSON: text }, [text], { [text]: text }]) {
      await manager.set('profile', value);
      const found = await manager.get('profile');
      expect(found).toEqual(value);
      JSON.stringify(found);
    }
    expect(globalThis.hasRun).toBeUndefined();
  });

  it.each([
    [new Date(5)],
    [new Map([['a', new Set([1n])]])],
    [new Float32Array([1.5, -0])],
    [null],
    [0],
    [''],
    [false],
    [{ nested: { big: 2n ** 70n } }],
  ])('keeps %p', async (value) => {
    await manager.set('value', value);
    expect(await manager.get('value')).toEqual(value);
  });

  it('knows many, wraps, expires and deletes', async () => {
    await manager.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    expect(await manager.mget(['a', 'missing', 'b'])).toEqual([1, undefined, 2]);
    await manager.mdel(['a']);
    await manager.mdel([]);
    expect(await manager.mget(['a', 'b'])).toEqual([undefined, 2]);
    let loads = 0;
    for (let i = 0; i < 2; i++) expect(await manager.wrap('wrapped', () => Promise.resolve(++loads))).toBe(1);
    await manager.set('brief', 1, 20);
    await eventually(async () => expect(await manager.get('brief')).toBeUndefined());
    await manager.del('b');
    expect(await manager.get('b')).toBeUndefined();
    expect(await manager.get('never-set')).toBeUndefined();
  });

  it('serves Nest’s own interceptor', async () => {
    await app.http.get('/legacy').expect(200, { runs: 1 });
    await app.http.get('/legacy').expect(200, { runs: 1 });
    await manager.clear();
    await app.http.get('/legacy').expect(200, { runs: 2 });
  });
});

describe('CACHE_MANAGER on a shared Redis', () => {
  let redis: RedisServer;
  let app: CacheApp;
  let manager: CacheManager;
  let client: Redis;

  beforeEach(async () => {
    redis = await RedisServer.start();
    client = redis.client();
    app = await startCacheApp(parts, { REDIS_URL: redis.url });
    await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    manager = app.get<Legacy>(Legacy).manager;
  });
  afterEach(async () => {
    await app.close();
    await redis.stop();
  });

  it('goes through cache-manager-ioredis-yet, in text that means nothing to it', async () => {
    await manager.set('key', thenable('_function_then|1'));
    const raw = await client.get('larder:cache-manager:key');
    expect(raw).toMatch(/^"larder:\d:[\w-]+"$/);
    expect(await bareStore(client).get('larder:cache-manager:key')).toBe(JSON.parse(raw!));
    expect(await client.pttl('larder:cache-manager:key')).toBeGreaterThan(0);
  });

  it('needs its guard: bare, the store makes functions of strings', async () => {
    await bareStore(client).set('bare', '_function_f|1');
    expect(typeof (await bareStore(client).get('bare'))).toBe('function');
  });

  it.each([
    '"_function_then|globalThis.hasRun = true"',
    '{"then":"_function_then|globalThis.hasRun = true"}',
    'not json',
    '"larder:9:AAAA"',
    '"larder:1:AAAA"',
    '"larder:0:"',
    '',
  ])('reads a foreign value under its key as absent: %s', async (foreign) => {
    await client.set('larder:cache-manager:key', foreign);
    expect(await manager.get('key')).toBeUndefined();
    expect(await manager.mget(['key', 'other'])).toEqual([undefined, undefined]);
    expect(globalThis.hasRun).toBeUndefined();
  });

  it('clears its own keys and no others', async () => {
    await client.mset('larder:cache-manage', 1, 'larder:cache-manager*', 1, 'others', 1);
    for (let i = 0; i < 1_200; i++) await manager.set(`key-${i}`, i);
    const entry = await app.cache.set('entry', 1);
    expect(entry.status).toBe('applied');
    const before = (await client.keys('*')).filter((key) => !key.startsWith('larder:cache-manager:'));
    await manager.clear();
    expect((await client.keys('*')).sort()).toEqual(before.sort());
    expect(await manager.get('key-1')).toBeUndefined();
  });

  it('a clear goes on until it is done, and meanwhile misses only what it clears', async () => {
    const filler = client.pipeline();
    for (let i = 0; i < 20_000; i++) filler.set(`others:${i}`, 1);
    await filler.exec();
    for (const key of ['a', 'b']) await manager.set(key, 'old');
    // Each step of the clear takes a while: some 25 of them are needed.
    const proxied = slowScans(app);
    const cleared = manager.clear();
    expect(await manager.get('a')).toBeUndefined();
    await manager.set('b', 'new');
    expect(await manager.get('b')).toBe('new');
    await cleared;
    expect(proxied.scans).toBeGreaterThan(10);
    expect(await manager.get('b')).toBe('new');
    expect(await client.exists('larder:cache-manager:a')).toBe(0);
    await manager.set('a', 'new');
    expect(await manager.get('a')).toBe('new');
    expect(await client.exists('others:19999')).toBe(1);
  });

  it('a clear that Redis interrupts is done when Redis is back', async () => {
    await manager.set('cleared', 'old');
    const snapshot = await redis.snapshot();
    await redis.kill();
    await manager.clear();
    expect(await manager.get('cleared')).toBeUndefined();
    await redis.restart({ snapshot });
    await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    await eventually(async () => expect(await client.exists('larder:cache-manager:cleared')).toBe(0));
    expect(await manager.get('cleared')).toBeUndefined();
  });

  it('closes without closing the connections of the cache', async () => {
    await manager.disconnect();
    expect((await app.cache.set('entry', 1)).status).toBe('applied');
  });

  it('works from memory while Redis is away, and keys that changed meanwhile are gone from Redis when it is back', async () => {
    for (const key of ['kept', 'deleted', 'changed']) await manager.set(key, 'before');
    const snapshot = await redis.snapshot();
    await redis.kill();
    await manager.del('deleted');
    await manager.set('changed', 'during');
    await manager.set('new', 'during');
    expect(await manager.get('changed')).toBe('during');
    expect(await manager.get('new')).toBe('during');
    expect(await manager.get('deleted')).toBeUndefined();
    await redis.restart({ snapshot });
    await eventually(async () => expect(await manager.get('kept')).toBe('before'));
    expect(await manager.get('deleted')).toBeUndefined();
    expect(await manager.get('changed')).toBeUndefined();
  });

  it('does not wait for a frozen Redis', async () => {
    redis.pause();
    try {
      // Waiting for each until a client's timeout of a second would outlast the test.
      for (let i = 0; i < 100; i++) expect(await manager.get(`frozen-${i}`)).toBeUndefined();
      await manager.set('frozen', 1);
      expect(await manager.get('frozen')).toBe(1);
    } finally {
      redis.resume();
    }
  });
});

/** A Keyv with the text that this store takes, as the module makes it. */
class SafeKeyv extends Keyv {
  constructor(options: KeyvOptions = {}) {
    super({
      ...options,
      serialize: (data) => toSafeString(data, 1e6) as string,
      deserialize: (text) => fromSafeString(text) as never,
    });
  }
}

describe.each(['with Redis', 'without Redis'])('the store of cache-manager-ioredis-yet, %s', (how) => {
  let redis: RedisServer;
  let pool: RedisPool | null = null;
  const stores: CacheManagerStore[] = [];
  const open = (memoryTtlMs = 0): CacheManagerStore => {
    const store = new CacheManagerStore(pool, createCache(), { prefix: 'larder:cm:', memoryTtlMs });
    stores.push(store);
    return store;
  };
  const openKeyv = (options: { namespace?: string; memoryTtlMs?: number } = {}): Keyv<string> =>
    new SafeKeyv({
      store: open(options.memoryTtlMs),
      namespace: options.namespace,
      useKeyPrefix: false,
    }) as Keyv<string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    if (how === 'with Redis') {
      pool = createRedisPool(redis.url);
      await pool.monitor.waitUntilUp(10_000);
    }
  });
  afterAll(async () => {
    for (const store of stores) await store.disconnect();
    await pool?.close();
    await redis.stop();
  });

  describe('passes @keyv/test-suite', () => {
    const shared: { store?: CacheManagerStore } = {};
    // Without Redis there is one memory for all stores, as with Redis there is one database.
    const store = () => {
      shared.store ??= open();
      return how === 'with Redis' ? open() : shared.store;
    };
    suite.keyvApiTests(vitestOnJest, SafeKeyv, store);
    suite.keyvValueTests(vitestOnJest, SafeKeyv, store);
    suite.keyvIteratorTests(vitestOnJest, SafeKeyv, store);
    if (how === 'with Redis') suite.keyvNamespaceTest(vitestOnJest, SafeKeyv, store);
  });

  it('keeps every key apart: empty, with lone surrogates, and those that look like names of ours', async () => {
    const keyv = openKeyv();
    const keys = ['', '\ud800', '\udc00', '\ufffd', '~u16:', '~u16:2A', 'a:b', 'a'];
    for (const key of keys) await keyv.set(key, `value of ${key}`);
    for (const key of keys) expect(await keyv.get(key)).toBe(`value of ${key}`);
    const listed: string[] = [];
    for await (const [key] of keyv.iterator!({})) listed.push(key as string);
    expect(listed.sort()).toEqual([...keys].sort());
  });

  it('keeps namespaces apart, and clears one of them', async () => {
    const names = ['a', 'a:b', 'a/b', 'keyv', '\ud800'];
    const all = names.map((namespace) => openKeyv({ namespace }));
    for (const [i, keyv] of all.entries()) await keyv.set('k', `of ${names[i]}`);
    await all[0]!.clear();
    expect(await all[0]!.get('k')).toBeUndefined();
    for (const [i, keyv] of all.entries()) if (i > 0) expect(await keyv.get('k')).toBe(`of ${names[i]}`);
  });

  it('a delete tells whether there was a value', async () => {
    const keyv = openKeyv();
    await keyv.set('there', 'x');
    expect([await keyv.delete('there'), await keyv.delete('there'), await keyv.delete('never')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('memory in front: a value that was read is served without Redis, and changes of its own are seen', async () => {
    if (!pool) return;
    const [keyv, other] = [openKeyv({ memoryTtlMs: 60_000 }), openKeyv()];
    await other.set('k', 'first');
    expect(await keyv.get('k')).toBe('first');
    await other.set('k', 'second');
    expect(await keyv.get('k')).toBe('first');
    await keyv.set('k', 'third');
    expect(await keyv.get('k')).toBe('third');
    await keyv.delete('k');
    expect(await keyv.get('k')).toBeUndefined();
    await keyv.set('k', 'fourth');
    await keyv.clear();
    expect(await keyv.get('k')).toBeUndefined();
  });
});

describe('CACHE_MANAGER over the engine', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(() => redis.stop());
  const start = async (stores: string): Promise<CacheApp> => {
    const app = await startCacheApp(parts, { REDIS_URL: redis.url, CACHE_MANAGER_STORE: stores });
    await eventually(() => expect(app.cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    return app;
  };
  const managerOf = (app: CacheApp) => app.get<Legacy>(Legacy).manager;

  it('two instances: a delete and a clear of one are seen by the other, whose memory had the value', async () => {
    const [a, b] = [await start('engine'), await start('engine')];
    for (const key of ['deleted', 'cleared']) await managerOf(a).set(key, 'old');
    expect(await managerOf(b).mget(['deleted', 'cleared'])).toEqual(['old', 'old']);
    await managerOf(a).del('deleted');
    await eventually(async () => expect(await managerOf(b).get('deleted')).toBeUndefined());
    expect(await managerOf(b).get('cleared')).toBe('old');
    await managerOf(a).clear();
    await eventually(async () => expect(await managerOf(b).get('cleared')).toBeUndefined());
    await Promise.all([a.close(), b.close()]);
  });

  it('changes over without losing what is cached', async () => {
    const old = await start('ioredis-yet');
    await managerOf(old).set('kept', 'value');
    await old.close();
    const both = await start('ioredis-yet,engine');
    expect(await managerOf(both).get('kept')).toBe('value');
    await managerOf(both).set('new', 'value');
    await both.close();
    const engineFirst = await start('engine,ioredis-yet');
    expect(await managerOf(engineFirst).mget(['kept', 'new'])).toEqual(['value', 'value']);
    await managerOf(engineFirst).del('new');
    expect(await managerOf(engineFirst).get('new')).toBeUndefined();
    await engineFirst.close();
  });

  it('serves Nest’s own interceptor', async () => {
    const app = await start('engine');
    await app.http.get('/legacy').expect(200, { runs: 1 });
    // The interceptor answers without waiting for its set.
    await eventually(async () => expect(await managerOf(app).get('/legacy')).toEqual({ runs: 1 }));
    await app.http.get('/legacy').expect(200, { runs: 1 });
    await app.close();
  });
});

/** Counts the scans of the pool's connections. */
function slowScans(app: CacheApp): { scans: number } {
  const bulk = app.get<RedisPool>(REDIS_POOL).client('bulk') as Redis;
  const counted = { scans: 0 };
  const scan = bulk.scan.bind(bulk) as (...args: unknown[]) => Promise<unknown>;
  bulk.scan = (async (...args: unknown[]) => {
    counted.scans++;
    await new Promise((resolve) => setImmediate(resolve));
    return scan(...args);
  }) as never;
  return counted;
}

/** cache-manager-ioredis-yet as it comes; its types lack what its base no longer declares. */
function bareStore(client: Redis) {
  return redisInsStore(client) as unknown as {
    get(key: string): Promise<unknown>;
    set(key: string, value: unknown): Promise<void>;
  };
}

/** The runtime calls a function named `then` by itself. */
function thenable(then: string): object {
  return Object.fromEntries(['then'].map((name) => [name, then]));
}

describe('CACHE_MANAGER with a Redis that is late', () => {
  it('waits for an answer that is on its way', async () => {
    const redis = await RedisServer.start();
    const proxy = await TcpProxy.start(redis.port);
    const app = await startCacheApp(parts, {
      REDIS_URL: proxy.url,
      REDIS_READ_BUDGET_MIN: '10ms',
      REDIS_READ_BUDGET_MAX: '50ms',
      REDIS_READ_LATE_MAX: '5s',
    });
    await eventually(() => expect(app.cache.stats().redis).toBe('up'));
    const { manager } = app.get<Legacy>(Legacy);
    await manager.set('k', 'the value');
    // There and back it is longer than a read waits before it is late.
    proxy.faults.delayMs = 100;
    const reads = [manager.get('k'), manager.mget(['k'])];
    expect(await Promise.all(reads)).toEqual(['the value', ['the value']]);
    proxy.faults.delayMs = 0;
    await app.close();
    await proxy.stop();
    await redis.stop();
  });
});
