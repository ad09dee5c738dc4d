import { connect } from 'node:net';
import { startApp, type TestApp } from '../../support/test-app.js';

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

  it('sends headers that keep browsers from guessing and framing', async () => {
    const { headers } = await app.http.get('/nothing');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('serves the OpenAPI document on this machine, and to a proxy or a rebound name it does not exist', async () => {
    await app.http.get('/docs-json').expect(200);
    await app.http.get('/docs').expect(200);
    await app.http.get('/docs-json').set('x-forwarded-for', '203.0.113.9').expect(404);
    await app.http.get('/docs').set('host', 'evil.example').expect(404);
  });

  const malformed = 'Connection: close\r\n\r\n';
  it.each([
    ['TRACE', 405, `TRACE / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n${malformed}`],
    ['TRACE of a path there is', 405, `TRACE /health/live HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['a method of WebDAV', 405, `PROPFIND / HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['a method nobody knows', 400, `BREW / HTTP/1.1\r\nHost: x\r\n${malformed}`],
    ['no host', 400, `GET /health/live HTTP/1.1\r\n${malformed}`],
    ['two hosts', 400, `GET /health/live HTTP/1.1\r\nHost: x\r\nHOST: y\r\n${malformed}`],
    ['two equal hosts', 400, `GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x\r\n${malformed}`],
    [
      'both Content-Length and Transfer-Encoding',
      400,
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n${malformed}0\r\n\r\n`,
    ],
    ['a folded header', 400, `GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\nTransfer-Encoding\r\n : chunked\r\n${malformed}`],
    ['a header name with a space', 400, `GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n${malformed}`],
  ])('refuses %s with status %i', async (_what, status, request) => {
    const answer = await send(new URL(app.url).port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toContain('secret');
    if (status === 405) expect(answer).toMatch(/^allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r$/m);
    if (status === 405) expect(answer).toMatch(/^content-type: application\/problem\+json/m);
  });
});

/** What the server says to raw bytes, until it closes. */
async function send(port: string, bytes: string): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(bytes);
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
  return answer;
}
