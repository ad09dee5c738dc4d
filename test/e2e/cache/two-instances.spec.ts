import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { CallerGuard, PersonalRoutes, PublicRoutes, Stage } from './response.controllers.js';

describe('cached responses of two instances', () => {
  let redis: RedisServer;
  let apps: [CacheApp, CacheApp];

  beforeEach(async () => {
    redis = await RedisServer.start();
    const parts = { controllers: [PublicRoutes, PersonalRoutes], providers: [Stage, CallerGuard] };
    // One cache knows hosts apart, as they are apart on the web; a load balancer would give both the same.
    apps = [await startCacheApp(parts, { REDIS_URL: redis.url }), await startCacheApp(parts, { REDIS_URL: redis.url })];
    for (const app of apps)
      await eventually(() => expect(app.cache.stats()).toMatchObject({ redis: 'up', isCoherent: true }));
  });
  afterEach(async () => {
    for (const app of apps) await app.close();
    await redis.stop();
  });

  const ask = (app: CacheApp, path: string) => app.http.get(path).set('host', 'shop.example');
  const runs = () => apps.flatMap((app) => app.get<Stage>(Stage).runs);

  it('are made once, byte for byte the same on both', async () => {
    const first = await ask(apps[0], '/public/item/1');
    // It answers before a busy Redis has stored it: until then others join the first.
    await eventually(() => expect(apps[0].cache.stats().fills).toBe(1));
    const second = await ask(apps[1], '/public/item/1');
    expect(second.text).toBe(first.text);
    expect(second.headers['etag']).toBe(first.headers['etag']);
    expect(second.headers['cache-status']).toMatch(/hit; .*detail=redis/);
    expect((await ask(apps[1], '/public/item/1')).headers['cache-status']).toMatch(/hit; .*detail=memory/);
    expect(runs()).toHaveLength(1);
  });

  it('are made once when both are asked at the same time', async () => {
    const texts = await Promise.all([0, 1, 0, 1].map(async (i) => (await ask(apps[i as 0 | 1], '/public/slow')).text));
    expect(new Set(texts).size).toBe(1);
    expect(runs()).toEqual(['slow']);
  });

  it('go on both when one invalidates their tag', async () => {
    for (const app of apps) await ask(app, '/public/item/1');
    await apps[0].cache.invalidateTags(['item:1']);
    expect((await ask(apps[0], '/public/item/1')).headers['cache-status']).toMatch(/miss/);
    await eventually(() => ask(apps[1], '/public/item/1').expect(200, /"run":2/));
    expect(runs()).toHaveLength(2);
  });

  it('outlive Redis, and no request fails while it is away', async () => {
    await ask(apps[0], '/public/item/1');
    await redis.kill();
    for (let i = 0; i < 5; i++) {
      await ask(apps[0], '/public/item/1').expect(200);
      await ask(apps[1], `/public/item/away-${i}`).expect(200);
    }
  });
});
