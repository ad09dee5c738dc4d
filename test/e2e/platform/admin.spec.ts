import { CACHE, type Cache } from '../../../src/modules/cache/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const TOKEN = 'operator-token-of-the-tests';
const bearer = `Bearer ${TOKEN}`;

describe('invalidation by an operator', () => {
  let redis: RedisServer;
  let here: TestApp;
  let there: TestApp;
  beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { REDIS_URL: redis.url, ADMIN_TOKEN: TOKEN };
    [here, there] = await Promise.all([startApp(env), startApp(env)]);
    await eventually(async () => expect((await there.http.get('/health')).body.status).toBe('ok'));
    await eventually(async () => expect((await here.http.get('/health')).body.status).toBe('ok'));
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await redis.stop();
  });

  const cacheOf = (app: TestApp) => app.get<Cache>(CACHE).namespace('shop');
  const invalidate = (body: object) =>
    here.http.post('/admin/cache/invalidate').set('authorization', bearer).send(body);

  it.each([
    ['by key', { namespace: 'shop', key: 'item' }, 'delete'],
    ['by tag', { namespace: 'larder/shop', tag: ['price'] }, 'invalidateTags'],
    ['of a whole cache', { namespace: 'shop', clear: true, confirm: 'larder/shop' }, 'clear'],
  ])('%s reaches every instance', async (_name, body, operation) => {
    await cacheOf(here).set('item', 1, { tags: ['price'] });
    await eventually(async () => expect(await cacheOf(there).get('item')).toBe(1));
    const reply = await invalidate(body).expect(200);
    expect(reply.body).toEqual({ cache: 'larder/shop', operation, count: 1, status: 'applied' });
    expect(await cacheOf(here).get('item')).toBeUndefined();
    await eventually(async () => expect(await cacheOf(there).get('item')).toBeUndefined());
  });

  it('clears nothing that is not confirmed by its name', async () => {
    await cacheOf(here).set('item', 1);
    const reply = await invalidate({ namespace: 'shop', clear: true, confirm: 'shop' }).expect(400);
    expect(reply.body.errors).toEqual([
      { pointer: '/confirm', detail: 'must be the name of what is cleared: larder/shop' },
    ]);
    expect(await cacheOf(here).get('item')).toBe(1);
  });

  it.each([
    {},
    { key: '' },
    { tag: [] },
    { key: 'a', tag: 'b' },
    { namespace: 'a b', key: 'a' },
    { clear: true },
    { key: 'a', __proto__: null, x: 1 },
  ])('refuses %j as a problem', async (body) => {
    const reply = await invalidate(body).expect(400);
    expect(reply.type).toBe('application/problem+json');
  });

  it('takes the token, in a header no other page can send', async () => {
    const post = () => here.http.post('/admin/cache/invalidate').send({ key: 'x' });
    await post().expect(401);
    await post().set('authorization', 'Bearer wrong-token-of-the-same-size').expect(401);
    await post()
      .set('authorization', bearer)
      .set('origin', 'https://evil.example')
      .set('sec-fetch-site', 'cross-site')
      .expect(403);
    await here.http.get('/admin/cache/stats').expect(401);
    await here.http.get('/admin/status').expect(401);
  });

  it('reports hits and misses by cache', async () => {
    const { body } = await here.http.get('/admin/cache/stats').set('authorization', bearer).expect(200);
    expect(body).toMatchObject({ name: 'larder', redis: 'up', queuedInvalidations: 0 });
    expect(body.caches.find(({ name }: { name: string }) => name === 'larder/shop')).toMatchObject({
      memoryHits: expect.any(Number),
      misses: 3,
    });
  });
});

describe('the dashboard', () => {
  it('is one page under a policy that runs no other script, and holds no data', async () => {
    const app = await startApp({ ADMIN_TOKEN: TOKEN });
    const reply = await app.http.get('/admin').set('host', 'larder.example').expect(200);
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(reply.headers['content-security-policy'] ?? '')?.[1];
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'");
    expect(reply.text).toContain(`<script nonce="${nonce}">`);
    expect(reply.text).not.toMatch(/(src|href)="https?:|\{\{nonce\}\}/);
    await app.close();
  });

  it('shows this machine everything and changes nothing where no token is set', async () => {
    const app = await startApp();
    await app.http.get('/admin').expect(200);
    const { body } = await app.http.get('/admin/status').expect(200);
    expect(body).toMatchObject({
      phase: 'serving',
      redis: null,
      cache: { name: 'larder' },
      embeddings: { defaultModel: 'local' },
      search: { state: 'idle', model: 'local' },
    });
    await app.http.post('/admin/cache/invalidate').send({ key: 'x' }).expect(403);
    for (const path of ['/admin', '/admin/status'])
      await app.http.get(path).set('x-forwarded-for', '203.0.113.9').expect(403);
    await app.close();
  });
});
