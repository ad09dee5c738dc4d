import { CACHE, type Cache } from '../../../src/modules/cache/index.js';
import { METRIC } from '../../../src/modules/metrics/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const TOKEN = 'operator-token-of-the-tests';

describe('probes', () => {
  it('say ok without Redis configured, and name the parts that are in use', async () => {
    const app = await startApp();
    await app.http.get('/health/live').expect(200, { status: 'ok', phase: 'serving' });
    await app.http.get('/health/startup').expect(200);
    await app.http.get('/health/ready').expect(200, { status: 'ok', phase: 'serving' });
    const { body } = await app.http.get('/health').expect(200);
    expect(body.status).toBe('ok');
    expect(body.details).toMatchObject({
      redis: { state: 'none' },
      cache: { status: 'up' },
      database: { kind: 'embedded', state: 'idle' },
      search: { status: 'up', state: 'idle', model: 'local', dimensions: 512 },
    });
    await app.close();
  });

  it('stay 200 and say degraded while Redis is away, then ok again by themselves', async () => {
    const redis = await RedisServer.start();
    const app = await startApp({ REDIS_URL: redis.url });
    const strict = await startApp({ REDIS_URL: redis.url, HEALTH_REDIS_REQUIRED: 'true' });
    const isOk = async () => expect((await app.http.get('/health').expect(200)).body.status).toBe('ok');
    await eventually(isOk);
    await redis.kill();
    await eventually(async () => {
      const { body } = await app.http.get('/health').expect(200);
      expect(body.status).toBe('degraded');
      expect(body.details.redis).toMatchObject({ status: 'degraded', state: 'down' });
    });
    expect((await app.http.get('/health/ready').expect(200)).body.status).toBe('degraded');
    await app.http.get('/health/live').expect(200);
    await eventually(() => strict.http.get('/health/ready').expect(503));
    await strict.http.get('/health/live').expect(200);
    await redis.restart();
    await eventually(isOk);
    await eventually(() => strict.http.get('/health/ready').expect(200));
    await Promise.all([app.close(), strict.close()]);
    await redis.stop();
  });
});

describe('metrics', () => {
  let app: TestApp;
  let cache: Cache;
  beforeAll(async () => {
    app = await startApp({ METRICS_TOKEN: TOKEN });
    cache = app.get<Cache>(CACHE).namespace('probe');
  });
  afterAll(() => app.close());

  const scrape = async () => (await app.http.get('/metrics').set('authorization', `Bearer ${TOKEN}`).expect(200)).text;

  it('take the token, and only it', async () => {
    await app.http.get('/metrics').expect(401);
    await app.http.get('/metrics').set('authorization', `Bearer ${TOKEN}x`).expect(401);
    await scrape();
  });

  it('count hits and misses by cache and tier, and never show a key', async () => {
    await cache.getOrLoad('secret-key', async () => 1);
    await cache.getOrLoad('secret-key', async () => 2);
    await cache.getOrLoad('secret-key', async () => 3);
    const text = await scrape();
    expect(text).toContain(`${METRIC.cacheHits}{cache="${cache.name}",tier="memory"} 2`);
    expect(text).toContain(`${METRIC.cacheMisses}{cache="${cache.name}"} 1`);
    expect(text).toMatch(new RegExp(`${METRIC.cacheHitRatio}{cache="${cache.name}"} 0\\.66`));
    expect(text).toMatch(new RegExp(`${METRIC.cacheLoadSeconds}_count{cache="${cache.name}",outcome="ok"} 1`));
    expect(text).not.toContain('secret-key');
  });

  it('count an embedding that was not there once', async () => {
    const input = ['a text nobody asked for', 'and another'];
    await app.http.post('/v1/embeddings').send({ model: 'local', input }).expect(200);
    await app.http.post('/v1/embeddings').send({ model: 'local', input }).expect(200);
    const text = await scrape();
    expect(text).toMatch(new RegExp(`${METRIC.cacheMisses}{cache="[^"]*embeddings[^"]*"} 2\\b`));
    expect(text).toMatch(new RegExp(`${METRIC.cacheHits}{cache="[^"]*embeddings[^"]*",tier="memory"} 2\\b`));
  });

  it('count invalidations and time requests by route, not by path', async () => {
    await cache.invalidateTags(['a', 'b']);
    await app.http.get('/health/live');
    const text = await scrape();
    expect(text).toContain(
      `${METRIC.invalidationsSent}{cache="${cache.name}",operation="invalidateTags",status="applied"} 2`,
    );
    expect(text).toContain(`${METRIC.httpSeconds}_count{method="GET",route="/health/live",status="200"}`);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('are for this machine only where no token is set', async () => {
    const open = await startApp();
    await open.http.get('/metrics').expect(200);
    await open.http.get('/metrics').set('x-forwarded-for', '203.0.113.9').expect(403);
    await open.http.get('/metrics').set('host', 'evil.example').expect(403);
    await open.close();
  });

  it('stop looking at tries after ten failures', async () => {
    const guarded = await startApp({ METRICS_TOKEN: TOKEN });
    for (let index = 0; index < 10; index += 1) await guarded.http.get('/metrics').expect(401);
    await guarded.http.get('/metrics').set('authorization', `Bearer ${TOKEN}`).expect(429);
    await guarded.close();
  });
});
