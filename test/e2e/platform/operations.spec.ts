import { CACHE, type Cache } from '../../../src/modules/cache/index.js';
import { METRIC } from '../../../src/modules/metrics/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const TOKEN = 'operator-token-of-the-tests';

describe('probes', () => {
  it('say ok without Redis configured, and to operators name the parts that are in use', async () => {
    const app = await startApp();
    await app.operator.get('/health/live').expect(200, { status: 'ok', phase: 'serving' });
    await app.operator.get('/health/startup').expect(200, { status: 'ok', phase: 'serving' });
    await app.operator.get('/health/ready').expect(200, { status: 'ok', phase: 'serving' });
    const { body } = await app.operator.get('/health').expect(200);
    expect(body.status).toBe('ok');
    expect(body.details).toMatchObject({
      redis: { state: 'none' },
      cache: { status: 'up' },
      database: { kind: 'embedded', state: 'idle' },
      search: { status: 'up', state: 'idle', model: 'local', dimensions: 512 },
    });
    await app.close();
  });

  it('say ok or degraded to strangers, and nothing else', async () => {
    const app = await startApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    const strict = await startApp({ REDIS_URL: 'redis://127.0.0.1:1', HEALTH_REDIS_REQUIRED: 'true' });
    await eventually(() => app.http.get('/health').expect(200, { status: 'degraded' }));
    await app.http.get('/health/ready').expect(200, { status: 'degraded' });
    await app.operator.get('/health/ready').expect(200, {
      status: 'degraded',
      phase: 'serving',
      reasons: ['Redis is not available.'],
    });
    for (const path of ['/health/live', '/health/startup']) await app.http.get(path).expect(200, { status: 'ok' });
    await eventually(() => strict.http.get('/health/ready').expect(503));
    expect((await strict.http.get('/health/ready')).text).not.toContain('Redis');
    expect((await strict.operator.get('/health/ready').expect(503)).text).toContain('Redis is not available.');
    await Promise.all([app.close(), strict.close()]);
  });

  it('stay 200 and say degraded while Redis is away, then ok again by themselves', async () => {
    const redis = await RedisServer.start();
    const app = await startApp({ REDIS_URL: redis.url });
    const strict = await startApp({ REDIS_URL: redis.url, HEALTH_REDIS_REQUIRED: 'true' });
    const isOk = async () => expect((await app.http.get('/health').expect(200)).body.status).toBe('ok');
    await eventually(isOk);
    await redis.kill();
    await eventually(async () => {
      const { body } = await app.operator.get('/health').expect(200);
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

  it('take the token of the service where they have none of their own', async () => {
    const open = await startApp();
    await open.http.get('/metrics').expect(401);
    await open.operator.get('/metrics').expect(200);
    await open.close();
  });
});
