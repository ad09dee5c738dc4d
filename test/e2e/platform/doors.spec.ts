import { EmbeddingUpstream } from '../../support/embedding-upstream.js';
import { hasNginx, NginxProxy } from '../../support/nginx-proxy.js';
import { RedisServer } from '../../support/redis-server.js';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

const OPERATOR = { authorization: `Bearer ${TEST_TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const DRAFT = JSON.stringify({ title: 'T', body: 'B', author: 'a', topic: 't' });

/** Everything that is not for strangers, as a stranger asks for it. */
const CLOSED: readonly (readonly [name: string, method: string, path: string, body: string])[] = [
  ['the dashboard', 'GET', '/admin', ''],
  ['its data', 'GET', '/admin/status', ''],
  ['statistics', 'GET', '/admin/cache/stats', ''],
  ['an invalidation', 'POST', '/admin/cache/invalidate', '{"key":"x"}'],
  ['the export of vectors', 'GET', '/admin/embeddings/export', ''],
  ['an import of vectors', 'POST', '/admin/embeddings/import', '{}'],
  ['metrics', 'GET', '/metrics', ''],
  ['the documentation', 'GET', '/docs', ''],
  ['the description of the API', 'GET', '/docs-json', ''],
  ['a new document', 'POST', '/documents', DRAFT],
  ['new documents', 'POST', '/documents/bulk', `{"documents":[${DRAFT}]}`],
  ['a change', 'PATCH', '/documents/00000000-0000-4000-8000-000000000000', '{"title":"x"}'],
  ['a deletion', 'DELETE', '/documents/00000000-0000-4000-8000-000000000000', ''],
  ['a search', 'GET', '/documents/search?q=x', ''],
  ['an embedding', 'POST', '/v1/embeddings', '{"input":"x"}'],
  ['an embedding in Google’s dialect', 'POST', '/v1beta/models/gemini-embedding-2:embedContent', '{}'],
  ['the models', 'GET', '/v1/models', ''],
  ['a session', 'POST', '/sessions', '{}'],
];

const ask = (url: string, method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method, headers: { ...(body && JSON_TYPE), ...headers }, ...(body && { body }) });

describe('with nothing configured but an upstream', () => {
  let upstream: EmbeddingUpstream;
  let redis: RedisServer;
  let app: TestApp;
  beforeAll(async () => {
    [upstream, redis] = await Promise.all([EmbeddingUpstream.start(), RedisServer.start()]);
    app = await startApp({ ...upstream.googleEnv, REDIS_URL: redis.url, DATABASE_DIR: 'memory://' });
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([upstream.stop(), redis.stop()]);
  });

  it.each(CLOSED)(
    'a caller on this machine without the token gets no answer to %s',
    async (_name, method, path, body) => {
      expect((await ask(app.url, method, path, body)).status).toBe(401);
    },
  );

  (hasNginx ? describe : describe.skip)('behind a real nginx with a bare proxy_pass', () => {
    let bare: NginxProxy;
    let newer: NginxProxy;
    beforeAll(async () => {
      // nginx before 1.29.7 speaks HTTP/1.0 to what is behind it; a newer one looks like a client on this machine.
      [bare, newer] = await Promise.all([
        NginxProxy.start(app.url),
        NginxProxy.start(app.url, ['proxy_http_version 1.1;', 'proxy_set_header Connection "";']),
      ]);
    });
    afterAll(() => Promise.all([bare.stop(), newer.stop()]));

    it.each(CLOSED)('a stranger gets no answer to %s', async (_name, method, path, body) => {
      for (const { url } of [bare, newer]) expect((await ask(url, method, path, body)).status).toBe(401);
    });

    it('spends nothing for strangers, and serves those who have the token', async () => {
      expect((await upstream.stats()).calls).toBe(0);
      for (const { url } of [bare, newer]) {
        const reply = await ask(url, 'POST', '/v1/embeddings', '{"input":"x"}', OPERATOR);
        expect(reply.status).toBe(200);
        expect((await ask(url, 'GET', '/metrics', undefined, OPERATOR)).status).toBe(200);
        expect(await (await ask(url, 'GET', '/health')).json()).toEqual({
          status: expect.stringMatching(/^(ok|degraded)$/),
        });
      }
      expect((await upstream.stats()).calls).toBe(1);
    });
  });
});

describe('wrong tokens', () => {
  const wrong = { authorization: 'Bearer wrong-token-of-some-length' };
  const tryTimes = async (url: string, path: string, times: number, headers: Record<string, string> = {}) => {
    const statuses: number[] = [];
    for (let index = 0; index < times; index += 1)
      statuses.push((await ask(url, 'GET', path, undefined, { ...wrong, ...headers })).status);
    return statuses;
  };
  const ten = Array.from({ length: 10 }, () => 401);

  it('are answered with 429 after ten in a minute, at that door alone, and the right one opens it', async () => {
    const app = await startApp();
    expect(await tryTimes(app.url, '/metrics', 11)).toEqual([...ten, 429]);
    const reply = await ask(app.url, 'GET', '/metrics', undefined, wrong);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(app.url, 'GET', '/metrics', undefined, OPERATOR)).status).toBe(200);
    expect((await ask(app.url, 'GET', '/admin/status', undefined, wrong)).status).toBe(401);
    expect((await ask(app.url, 'GET', '/metrics')).status).toBe(401);
    await app.close();
  });

  it('of the documentation and of the probes are counted too, and a probe is still answered', async () => {
    const app = await startApp();
    expect(await tryTimes(app.url, '/docs-json', 10)).toEqual(ten);
    expect(await tryTimes(app.url, '/health', 20)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await ask(app.url, 'GET', '/docs-json', undefined, OPERATOR)).status).toBe(200);
    await app.close();
  });

  it('are counted by the address that trusted proxies saw, which no client can write', async () => {
    const app = await startApp({ HTTP_TRUST_PROXY: '1' });
    // The proxy appends the address it saw, so what the client wrote comes first.
    for (let index = 0; index < 10; index += 1)
      expect(await tryTimes(app.url, '/metrics', 1, { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.9` })).toEqual(
        [401],
      );
    expect(await tryTimes(app.url, '/metrics', 1, { 'x-forwarded-for': '192.0.2.1, 203.0.113.9' })).toEqual([429]);
    expect(await tryTimes(app.url, '/metrics', 1, { 'x-forwarded-for': '203.0.113.9, 203.0.113.10' })).toEqual([401]);
    await app.close();
  });

  it('are counted by the address of the connection where its sender is no trusted proxy', async () => {
    const app = await startApp({ HTTP_TRUST_PROXY: '10.0.0.0/8' });
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1)
      statuses.push(...(await tryTimes(app.url, '/metrics', 1, { 'x-forwarded-for': `198.51.100.${index}` })));
    expect(statuses).toEqual([...ten, 429]);
    await app.close();
  });
});
