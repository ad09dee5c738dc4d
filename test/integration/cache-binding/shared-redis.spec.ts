import { Injectable } from '@nestjs/common';
import { Cacheable, CacheEvict } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';

@Injectable()
class Prices {
  loads = 0;
  price = 10;

  @Cacheable({ key: (id) => id, tags: (id) => [`price:${id}`], ttl: '10m' })
  async of(id: string): Promise<{ id: string; price: number }> {
    this.loads++;
    return { id, price: this.price };
  }

  @CacheEvict({ key: (id) => id })
  async change(id: string): Promise<string> {
    return id;
  }

  @CacheEvict({ tags: (id) => [`price:${id}`] })
  async changeByTag(id: string): Promise<string> {
    return id;
  }
}

describe('two instances on one Redis', () => {
  let redis: RedisServer;
  let apps: CacheApp[];
  let one: Prices;
  let two: Prices;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    apps = await Promise.all([1, 2].map(() => startCacheApp({ providers: [Prices] }, { REDIS_URL: redis.url })));
    for (const app of apps)
      await eventually(() => expect(app.cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    [one, two] = apps.map((app) => app.get<Prices>(Prices)) as [Prices, Prices];
  });
  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });

  it('load once', async () => {
    await one.of('shared');
    expect(await two.of('shared')).toEqual({ id: 'shared', price: 10 });
    expect(two.loads).toBe(0);
  });

  it('load once when both are asked at the same time', async () => {
    await Promise.all([one, two, one, two].map((prices) => prices.of('herd')));
    expect(one.loads + two.loads).toBe(1);
  });

  it.each(['change', 'changeByTag'] as const)('hear an eviction of the other by %s', async (evict) => {
    const key = `evicted-${evict}`;
    await one.of(key);
    await two.of(key);
    one.price = two.price = 20;
    await one[evict](key);
    expect((await one.of(key)).price).toBe(20);
    await eventually(async () => expect((await two.of(key)).price).toBe(20));
  });

  it('go on without Redis, each for itself, and share again when it is back', async () => {
    await one.of('outage');
    await redis.kill();
    expect((await one.of('outage')).price).toBe(10);
    expect((await two.of('during')).price).toBe(10);
    await redis.restart();
    for (const app of apps)
      await eventually(() => expect(app.cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
    await eventually(async () => {
      const key = `after-${Math.random()}`;
      const before = two.loads;
      await one.of(key);
      await two.of(key);
      expect(two.loads).toBe(before);
    });
  });
});
