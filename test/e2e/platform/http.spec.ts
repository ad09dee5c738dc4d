import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startApp, TEST_TOKEN, type TestApp } from '../../support/test-app.js';

describe('every HTTP route', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ HTTP_BODY_LIMIT: '1kb' });
  });
  afterAll(() => app.close());

  it('answers an unknown path with a problem detail that names the request', async () => {
    const reply = await app.http.get('/nothing?secret=x').set('x-request-id', 'abc-1').expect(404);
    expect(reply.type).toBe('application/problem+json');
    expect(reply.body).toMatchObject({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      instance: 'urn:request:abc-1',
    });
    expect(reply.headers['x-request-id']).toBe('abc-1');
  });

  it('makes a request id of its own when the given one could break a log or a header', async () => {
    const reply = await app.http.get('/nothing').set('x-request-id', 'a b\tc').expect(404);
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['broken JSON', 400, 'application/json', '{"a":'],
    ['a body over the limit', 413, 'application/json', JSON.stringify('x'.repeat(2_000))],
  ])('refuses %s with status %i as a problem detail', async (_name, status, type, body) => {
    const reply = await app.http.post('/nothing').set('content-type', type).send(body);
    expect(reply.status).toBe(status);
    expect(reply.type).toBe('application/problem+json');
  });

  it('answers a malformed URL as a problem detail', async () => {
    const reply = await app.http.get('/%zz');
    expect([reply.status, reply.type]).toEqual([400, 'application/problem+json']);
  });

  it.each([
    ['delete', '/health/live', 'GET, HEAD, OPTIONS'],
    ['put', '/documents', 'GET, HEAD, POST, OPTIONS'],
    ['post', '/documents/00000000-0000-4000-8000-000000000000?x=1', 'DELETE, GET, HEAD, PATCH, OPTIONS'],
    ['get', '/v1/embeddings', 'POST, OPTIONS'],
    ['delete', '/v1beta/models/gemini-embedding-001:embedContent', 'POST, OPTIONS'],
  ] as const)('answers %s %s with 405 and the methods the path has', async (method, path, allow) => {
    const reply = await app.http[method](path).expect(405);
    expect(reply.headers['allow']).toBe(allow);
    expect(reply.headers['x-request-id']).toBeDefined();
  });

  it('answers OPTIONS of a path with its methods, and of no path with 404', async () => {
    const reply = await app.http.options('/documents').expect(204);
    expect(reply.headers['allow']).toBe('GET, HEAD, POST, OPTIONS');
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    await app.http.options('/nothing').expect(404);
  });

  it.each([
    ['a media type that is no JSON', { accept: 'text/html, application/xml' }],
    ['JSON excluded', { accept: 'application/json;q=0, */*' }],
  ])('answers 406 to a client that accepts %s', async (_what, headers) => {
    const reply = await app.http.get('/documents').set(headers).expect(406);
    expect(reply.type).toBe('application/problem+json');
  });

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON in another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['no type at all', { 'content-type': '' }],
  ])('answers 415 to %s', async (_what, headers) => {
    const request = app.http.post('/documents').set(headers);
    const reply = await request.send('title=x').expect(415);
    expect(reply.type).toBe('application/problem+json');
    expect(reply.headers['content-encoding' in headers ? 'accept-encoding' : 'accept-post']).toBeDefined();
  });

  it.each(['/sessions', '/admin/sign-in', '/admin/cache/invalidate', '/admin/embeddings/import'])(
    'answers 415 to a compressed body at %s',
    async (path) => {
      const reply = await fetch(`${app.url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TEST_TOKEN}`,
          'content-type': 'application/json',
          'content-encoding': 'gzip',
        },
        body: gzipSync('{}'),
      });
      expect([reply.status, reply.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    },
  );

  it('lets a client read that its body is too large while it still sends', async () => {
    const reply = await app.http
      .post('/documents')
      .set('content-type', 'application/json')
      .send(JSON.stringify('x'.repeat(2_000_000)))
      .expect(413);
    expect(reply.type).toBe('application/problem+json');
  });

  it('sends headers that keep browsers from guessing and framing', async () => {
    const { headers } = await app.http.get('/nothing');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('serves the OpenAPI document to operators, also to a browser that signed in', async () => {
    await app.operator.get('/docs-json').expect(200);
    await app.operator.get('/docs').expect(200);
    const { headers } = await app.operator.post('/admin/sign-in').expect(204);
    const cookie = String(headers['set-cookie']).split(';', 1)[0]!;
    await app.http.get('/docs').set('cookie', cookie).expect(200);
    const page = await app.http.get('/docs').set('accept', 'text/html,*/*;q=0.8').expect(401);
    expect(page.text).toContain('<title>Larder: sign in</title>');
  });

  it.each([
    '/docs',
    '/docs/',
    '/docs-json',
    '/%64ocs-json',
    '/docs%2Djson',
    '/docs-yaml',
    '/docs/swagger-ui-init.js',
    '/%64ocs/swagger-ui-init.js',
    '/docs/../docs/swagger-ui-init.js',
    '/docs/swagger-ui.css',
    '/docs;x=1',
    '//docs-json',
    '/docs-json?x=1',
    '/docs-json;x',
    '/DOCS-json',
  ])('does not serve the OpenAPI document to others, as %s', async (path) => {
    const answer = await send(
      new URL(app.url).port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 (401|404) /);
    expect(answer).not.toContain('openapi');
  });

  it('asks for a token in every 401 (RFC 9110 11.6.1)', async () => {
    for (const path of ['/admin', '/admin/status', '/metrics', '/docs-json', '/sessions/current']) {
      const reply = await app.http.get(path).expect(401);
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="larder"');
    }
    const wrong = await app.http.get('/admin/status').set('authorization', 'Bearer a-wrong-token').expect(401);
    expect(wrong.headers['www-authenticate']).toBe('Bearer realm="larder", error="invalid_token"');
  });

  const malformed = 'Connection: close\r\n\r\n';
  it.each([
    ['TRACE', 405, `TRACE / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n${malformed}`],
    ['TRACE of a path there is', 405, `TRACE /health/live HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['a method of WebDAV', 405, `PROPFIND / HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['an unknown method', 400, `BREW / HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['no host', 400, `GET /health/live HTTP/1.1\r\n${malformed}`],
    ['two hosts', 400, `GET /health/live HTTP/1.1\r\nHost: x\r\nHOST: y\r\n${malformed}`],
    ['two equal hosts', 400, `GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x\r\n${malformed}`],
    [
      'both Content-Length and Transfer-Encoding',
      400,
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n${malformed}0\r\n\r\n`,
    ],
    ['a folded header', 400, `GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\nTransfer-Encoding\r\n : chunked\r\n${malformed}`],
    ['an unknown expectation', 417, `GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n${malformed}`],
    ['headers without end', 431, `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n${malformed}`],
    ['what is no request', 400, `hello\r\n\r\n`],
    ['a malformed URL', 400, `GET /%zz HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['a header name with a space', 400, `GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n${malformed}`],
  ])('refuses %s with status %i', async (_what, status, request) => {
    const answer = await send(new URL(app.url).port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toContain('secret');
    if (status === 405) expect(answer).toMatch(/^allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/m);
    expect(answer).toMatch(/^content-type: application\/problem\+json/m);
    expect(answer).toMatch(/^x-request-id: [0-9a-f-]{36}\r$/m);
  });
});

/** The server's answer to raw bytes, until it closes. */
async function send(port: string, bytes: string): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(bytes);
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
  return answer;
}
