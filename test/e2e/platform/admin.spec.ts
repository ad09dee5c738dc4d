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
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ ADMIN_TOKEN: TOKEN });
  });
  afterAll(() => app.close());

  const signIn = () => app.http.post('/admin/sign-in').set('authorization', bearer);
  /** The cookie as a browser sends it back. */
  const cookieOf = (reply: { headers: Record<string, string> }) =>
    String(reply.headers['set-cookie']).split(';', 1)[0]!;

  it.each([
    ['the dashboard, with the token', { authorization: bearer }, 200],
    ['the page to sign in, without it', {}, 401],
  ])('is one page under a policy that runs no other script: %s', async (_name, headers, status) => {
    const reply = await app.http.get('/admin').set('host', 'larder.example').set(headers).expect(status);
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(reply.headers['content-security-policy'] ?? '')?.[1];
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'");
    expect(reply.text).toContain(`<script nonce="${nonce}">`);
    expect(reply.text).not.toMatch(/(src|href)="https?:|\{\{nonce\}\}/);
  });

  it('is open to a browser that signed in with the token, and to no other', async () => {
    const reply = await signIn().expect(204);
    expect(String(reply.headers['set-cookie'])).toMatch(/; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(String(reply.headers['set-cookie'])).not.toContain(TOKEN);
    const cookie = cookieOf(reply);
    await app.http.get('/admin').set('cookie', `other=1; ${cookie}`).expect(200);
    await app.http.get('/admin/status').set('cookie', cookie).expect(200);
    await app.http.post('/admin/cache/invalidate').set('cookie', cookie).send({ key: 'x' }).expect(200);
    const [name, value] = cookie.split('=') as [string, string];
    const later = `${Number(value.split('.')[0]) + 1}.${value.split('.')[1]}`;
    for (const forged of [`${name}=`, `${name}=${later}`, `${name}=${value}x`, `${cookie}; ${cookie}`, `x${cookie}`])
      await app.http.get('/admin/status').set('cookie', forged).expect(401);
    await app.http.post('/admin/sign-in').expect(401);
    await app.http.post('/admin/sign-in').set('cookie', cookie).expect(204);
  });

  it('is not changed by a page of another origin, whose browser sends the cookie of this one', async () => {
    const cookie = cookieOf(await signIn());
    for (const headers of [{ 'sec-fetch-site': 'same-site' }, { origin: 'http://127.0.0.1:1' }])
      await app.http.post('/admin/cache/invalidate').set('cookie', cookie).set(headers).send({ key: 'x' }).expect(403);
  });

  it('stays signed in as long as the token is the same, and no longer', async () => {
    const cookie = cookieOf(await signIn());
    const [same, other] = await Promise.all([
      startApp({ ADMIN_TOKEN: TOKEN }),
      startApp({ ADMIN_TOKEN: 'another-token-of-the-tests' }),
    ]);
    const host = new URL(app.url).host;
    await same.http.get('/admin/status').set('host', host).set('cookie', cookie).expect(200);
    await other.http.get('/admin/status').set('host', host).set('cookie', cookie).expect(401);
    await Promise.all([same.close(), other.close()]);
  });

  it('opens with the token of the service where it has none of its own', async () => {
    const own = await startApp();
    await own.http.get('/admin').expect(401);
    await own.http.get('/admin/status').expect(401);
    await own.operator.get('/admin').expect(200);
    const { body } = await own.operator.get('/admin/status').expect(200);
    expect(body).toMatchObject({
      phase: 'serving',
      redis: null,
      cache: { name: 'larder' },
      embeddings: { defaultModel: 'local' },
      search: { state: 'idle', model: 'local' },
    });
    await own.operator.post('/admin/cache/invalidate').send({ key: 'x' }).expect(200);
    await own.close();
    // It opens nothing that has a token of its own.
    await app.operator.get('/admin/status').expect(401);
  });
});
