import { jest } from '@jest/globals';
import { Injectable, Logger, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Registry } from 'prom-client';
import {
  CACHE,
  type Cache,
  Cacheable,
  CacheEvict,
  CacheHealthModule,
  CacheIndicator,
  CacheMetricsModule,
  CacheModule,
  fromEnv,
  getCacheToken,
  InjectCache,
  RedisIndicator,
  WarmUp,
  WarmUpModule,
  WarmUpRunner,
} from '../../../src/entries/nest.js';
import { TestRoot } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

@Injectable()
class Shop {
  loads = 0;

  @Cacheable({ key: (id) => id })
  async find(id: string): Promise<string> {
    this.loads++;
    return id;
  }

  @CacheEvict({ key: (id) => id })
  async change(id: string): Promise<string> {
    return id;
  }
}

@Injectable()
class WarmShop {
  loads = 0;

  @WarmUp([['warm']])
  @Cacheable({ key: (id) => id })
  async find(id: string): Promise<string> {
    this.loads++;
    return id;
  }
}

@Injectable()
class Caches {
  constructor(
    @InjectCache() readonly root: Cache,
    @InjectCache('products') readonly products: Cache,
    @InjectCache('archive') readonly archive: Cache,
  ) {}
}

const open: { close(): Promise<void> }[] = [];
const start = async (parts: ModuleMetadata) => {
  const app = await NestFactory.createApplicationContext(
    { module: TestRoot, ...parts },
    { logger: false, abortOnError: false },
  );
  open.push(app);
  return app;
};
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

describe('an application without any configuration section', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  it('starts with CacheModule.forRoot() alone', async () => {
    const app = await start({ imports: [CacheModule.forRoot()], providers: [Shop] });
    const shop = app.get(Shop);
    await shop.find('1');
    await shop.find('1');
    expect(shop.loads).toBe(1);
  });

  it('is bound in a test module', async () => {
    const module = await Test.createTestingModule({ imports: [CacheModule.forRoot()], providers: [Shop] }).compile();
    await module.init();
    open.push(module);
    const shop = module.get(Shop);
    await shop.find('1');
    await shop.find('1');
    expect(shop.loads).toBe(1);
  });

  it('shares entries and invalidations by the Redis of its options', async () => {
    const options = { namespace: 'options', redis: redis.url };
    const parts = { imports: [CacheModule.forRoot(options), CacheHealthModule], providers: [Shop] };
    const [one, two] = [await start(parts), await start(parts)];
    for (const app of [one, two]) await app.get<Cache>(CACHE).ready(5_000);
    await one.get(Shop).find('1');
    expect(await two.get(Shop).find('1')).toBe('1');
    expect(two.get(Shop).loads).toBe(0);
    await one.get(Shop).change('1');
    await eventually(async () => {
      await two.get(Shop).find('1');
      expect(two.get(Shop).loads + one.get(Shop).loads).toBe(2);
    });
    expect(two.get(RedisIndicator).check()).toMatchObject({ redis: { status: 'up', state: 'up' } });
    expect(two.get(CacheIndicator).check()).toMatchObject({ cache: { status: 'up' } });
  });

  it('takes options that a factory makes, Redis included', async () => {
    const app = await start({
      imports: [CacheModule.forRootAsync({ useFactory: async () => ({ namespace: 'async', redis: redis.url }) })],
    });
    const cache = app.get<Cache>(CACHE);
    expect(cache.name).toBe('async');
    expect(await cache.ready(5_000)).toBe(true);
  });

  it('reads the environment only where fromEnv() asks for it', async () => {
    const env = { CACHE_NAMESPACE: 'from-env', REDIS_URL: redis.url };
    const app = await start({ imports: [CacheModule.forRoot(fromEnv(env))] });
    expect(app.get<Cache>(CACHE).name).toBe('from-env');
    expect(await app.get<Cache>(CACHE).ready(5_000)).toBe(true);
    expect(fromEnv(env).redisPool?.monitor).not.toHaveProperty('probeKeyPrefix');
    expect(fromEnv({ ...env, REDIS_PROBE_PREFIX: 'p' }).redisPool?.monitor).toMatchObject({ probeKeyPrefix: 'p' });
    expect(() => fromEnv({ CACHE_TTL: 'soon', REDIS_POOL_SIZE: '0' })).toThrow(/CACHE_TTL[^]*REDIS_POOL_SIZE/);
  });

  it('has caches by name, with Redis servers of their own', async () => {
    const app = await start({
      imports: [
        CacheModule.forRoot({ namespace: 'shop' }),
        CacheModule.forRoot({ name: 'archive', namespace: 'old', redis: redis.url }),
        CacheModule.forFeature([{ name: 'products', ttlMs: 1_000 }]),
      ],
      providers: [Caches],
    });
    const { root, products, archive } = app.get(Caches);
    expect([root.name, products.name, archive.name]).toEqual(['shop', 'shop/products', 'old']);
    expect(root.stats().redis).toBe('none');
    expect(await archive.ready(5_000)).toBe(true);
  });

  it('refuses @WarmUp without WarmUpModule, by name', async () => {
    const starting = NestFactory.createApplicationContext(
      { module: TestRoot, imports: [CacheModule.forRoot()], providers: [WarmShop] },
      { logger: false, abortOnError: false },
    );
    await expect(starting).rejects.toThrow(/^WarmShop@find: @WarmUp needs WarmUpModule/);
  });

  it('warns of two methods of one class that fill the same keys', async () => {
    @Injectable()
    class Alike {
      @Cacheable({ key: (id) => id })
      async a(id: string): Promise<string> {
        return `a${id}`;
      }

      @Cacheable({ key: (id) => id })
      async b(id: string): Promise<string> {
        return `b${id}`;
      }

      @CacheEvict({ key: (id) => id })
      async change(id: string): Promise<string> {
        return id;
      }
    }
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start({ imports: [CacheModule.forRoot()], providers: [Alike] });
    const warnings = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(warnings).toEqual([expect.stringMatching(/^Alike@b and Alike@a make the same keys/)]);
  });

  it('chooses the cache of a decorator by its name', async () => {
    @Injectable()
    class Archive {
      @Cacheable({ cache: 'archive', key: (id) => id })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    const app = await start({
      imports: [CacheModule.forRoot(), CacheModule.forRoot({ name: 'archive', namespace: 'old' })],
      providers: [Archive],
    });
    await app.get(Archive).find('1');
    expect(app.get<Cache>(getCacheToken('archive')).stats().memory.entries).toBe(1);
    expect(app.get<Cache>(CACHE).stats().memory.entries).toBe(0);
  });

  it('warms up and exports metrics without a section of its own', async () => {
    const registry = new Registry();
    const app = await start({
      imports: [
        CacheModule.forRoot({ namespace: 'metrics', redis: redis.url }),
        WarmUpModule,
        CacheMetricsModule.forRoot({ registry }),
      ],
      providers: [WarmShop],
    });
    await app.get(WarmUpRunner).whenDone();
    await app.get(WarmShop).find('warm');
    expect(app.get(WarmShop).loads).toBe(1);
    expect(await registry.metrics()).toMatch(/larder_cache_hits_total\{cache="metrics",tier="memory"\} 1\n/);
    expect(await registry.metrics()).toContain('larder_redis_state{state="up"} 1');
  });
});
