import { SESSION_BACKEND } from '../../../src/modules/session/session.tokens.js';
import { CACHE, type Cache } from '../../../src/modules/cache/index.js';
import type { SessionBackend } from '../../../src/modules/session/session-backend.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

describe('the two engines of the service', () => {
  let redis: RedisServer;
  let app: TestApp;

  beforeAll(async () => {
    redis = await RedisServer.start();
    app = await startApp({ REDIS_URL: redis.url, CACHE_PARTITIONS: '4', CACHE_OUTBOX_MAX_ITEMS: '2' });
  });

  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  it('have the same layout and the same bounds', async () => {
    const caches = [app.get<Cache>(CACHE), app.get<SessionBackend>(SESSION_BACKEND).cache!];
    await eventually(() => {
      for (const cache of caches) expect(cache.stats()).toMatchObject({ redis: 'up', isCoherent: true });
    });

    for (const namespace of ['larder', 'larder.sessions'])
      await expect(redis.command('GET', `{${namespace}}:layout`)).resolves.toMatch(/^partitions=4 /);

    await redis.kill();
    for (const cache of caches) await cache.delete(['a', 'b', 'c', 'd', 'e']);
    // Past its bound, an outbox is one clear.
    expect(caches.map((cache) => cache.stats().queuedInvalidations)).toEqual([1, 1]);
  });
});
