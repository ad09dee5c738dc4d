import { connect } from 'node:net';
import { createHash } from 'node:crypto';
import { SessionService } from '../../../src/modules/session/index.js';
import { eventually } from '../../support/eventually.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { cookieOf, createSession, type HeldSession, SESSION_ENV, TRUSTED } from './clients.js';
import { type Shop, startShop } from './shop.js';

describe('session tokens', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(SESSION_ENV);
  });
  afterAll(() => app.close());

  it('are 256 random bits each, and named by their SHA-256', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => createSession(app)));
    expect(new Set(sessions.map(({ token }) => token)).size).toBe(20);
    for (const { token, id } of sessions) {
      expect(Buffer.from(token.slice(3), 'base64url')).toHaveLength(32);
      expect(id).toBe(createHash('sha256').update(token).digest('base64url'));
    }
  });

  it('come in a cookie that no other host, script or plain connection gets', async () => {
    const reply = await app.http.post('/sessions').set(TRUSTED).send({ userId: 'ada' }).expect(201);
    const [cookie] = reply.get('Set-Cookie')!;
    const [pair, ...attributes] = cookie!.split('; ');
    expect(pair).toBe(`__Host-sid=${reply.body.token}`);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(cookie!.length).toBeLessThan(4_096);
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it('open a session from the cookie as from the bearer header; ids, other headers and the query open nothing', async () => {
    const { bearer, cookie, token, id } = await createSession(app);
    for (const headers of [bearer, cookie, { cookie: `a=b; ${cookie.cookie}; c=d` }])
      await app.http.get('/sessions/current').set(headers).expect(200);
    await app.http.get('/sessions/current').set('authorization', `Bearer ${id}`).expect(401);
    await app.http.get('/sessions/current').set('cookie', `sid=${token}`).expect(401);
    await app.http.get('/sessions/current').set('x-session', token).expect(401);
    await app.http.get(`/sessions/current?token=${token}&__Host-sid=${token}`).expect(401);
  });

  it('are forgotten by the browser on logout, and dead', async () => {
    const { cookie } = await createSession(app);
    const reply = await app.http.delete('/sessions/current').set(cookie).expect(204);
    expect(reply.get('Set-Cookie')).toEqual(['__Host-sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure']);
    await app.http.get('/sessions/current').set(cookie).expect(401);
  });

  it('are told again to the client that sent one, and never to the scripts of a page', async () => {
    const one = await createSession(app);
    const byBearer = await app.http.post('/sessions/current/rotate').set(one.bearer).expect(200);
    expect(byBearer.get('Set-Cookie')).toBeUndefined();
    await app.http.get('/sessions/current').set('authorization', `Bearer ${byBearer.body.token}`).expect(200);
    const two = await createSession(app);
    const byCookie = await app.http.post('/sessions/current/rotate').set(two.cookie).expect(200);
    expect(byCookie.body.token).toBeUndefined();
    await app.http.get('/sessions/current').set(cookieOf(byCookie)).expect(200);
    for (const { cookie } of [one, two]) await app.http.get('/sessions/current').set(cookie).expect(401);
  });

  it('are made only for callers with a key', async () => {
    for (const authorization of [
      undefined,
      'Bearer ',
      'Bearer wrong',
      `Basic ${TRUSTED.authorization.slice(7)}`,
      `${TRUSTED.authorization}x`,
    ]) {
      const request = app.http.post('/sessions').send({ userId: 'ada' });
      const reply = await (authorization === undefined ? request : request.set('authorization', authorization));
      expect([reply.status, reply.type]).toEqual([401, 'application/problem+json']);
    }
    const { bearer } = await createSession(app);
    await app.http.post('/sessions').set(bearer).send({ userId: 'ada' }).expect(401);
    await app.http.get('/sessions/users/ada').set(bearer).expect(401);
    await app.http.delete('/sessions/everyone').set(bearer).expect(401);
  });

  it('are made for a right key whatever wrong ones came before, which are answered with 429 after ten in a minute', async () => {
    const fresh = await startApp(SESSION_ENV);
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) {
      const reply = await fresh.http.post('/sessions').set('authorization', `Bearer wrong-${index}`).send({});
      statuses.push(reply.status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    await fresh.http.post('/sessions').set(TRUSTED).send({ userId: 'ada' }).expect(201);
    await fresh.close();
  });

  it('are not made when no key is configured', async () => {
    const closed = await startApp();
    const hashOfNothing = createHash('sha256').update('').digest('hex');
    for (const key of ['', 'undefined', hashOfNothing])
      await closed.http.post('/sessions').set('authorization', `Bearer ${key}`).send({}).expect(401);
    await closed.close();
  });

  it('show and end no session of another user', async () => {
    const [mine, also, theirs] = [
      await createSession(app, { userId: 'm' }),
      await createSession(app, { userId: 'm' }),
      await createSession(app, { userId: 't' }),
    ];
    const { body } = await app.http.get('/sessions').set(mine.bearer).expect(200);
    expect(body.sessions.map(({ id, isCurrent }: { id: string; isCurrent: boolean }) => [id, isCurrent])).toEqual([
      [mine.id, true],
      [also.id, false],
    ]);
    const refused = await app.http.delete(`/sessions/${theirs.id}`).set(mine.bearer).expect(404);
    const unknown = await app.http
      .delete(`/sessions/${'x'.repeat(43)}`)
      .set(mine.bearer)
      .expect(404);
    expect({ ...refused.body, instance: '' }).toEqual({ ...unknown.body, instance: '' });
    await app.http.delete(`/sessions/${also.id}`).set(mine.bearer).expect(204);
    await app.http.get('/sessions/current').set(also.bearer).expect(401);
    await app.http.get('/sessions/current').set(theirs.bearer).expect(200);
  });

  it('let a user log out everywhere, or everywhere else', async () => {
    const [one, two, three] = [
      await createSession(app, { userId: 'e' }),
      await createSession(app, { userId: 'e' }),
      await createSession(app, { userId: 'e' }),
    ];
    await app.http.delete('/sessions?keep=current').set(one.bearer).expect(200, { revoked: 2 });
    for (const { bearer } of [two, three]) await app.http.get('/sessions/current').set(bearer).expect(401);
    await app.http.delete('/sessions').set(one.bearer).expect(200, { revoked: 1 });
    await app.http.get('/sessions/current').set(one.bearer).expect(401);
  });

  it.each([
    ['more data than fits', { data: { text: 'x'.repeat(20_000) } }, 413],
    ['a member called __proto__', '{"data":{"a":{"__proto__":{"isAdmin":true}}}}', 400],
    ['data nested very deep', `{"data":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`, 400],
    ['data that is no object', { data: [1] }, 400],
    ['a member it does not know', { data: {}, userId: 'admin' }, 400],
    ['no data', {}, 400],
    ['broken JSON', '{"data":', 400],
  ])('hold data: %s is refused', async (_what, body, status) => {
    const { bearer } = await createSession(app, { data: { n: 1 } });
    const reply = await app.http
      .patch('/sessions/current')
      .set(bearer)
      .set('content-type', 'application/json')
      .send(body);
    expect([reply.status, reply.type]).toEqual([status, 'application/problem+json']);
    expect((await app.http.get('/sessions/current').set(bearer)).body.data).toEqual({ n: 1 });
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('isAdmin');
  });

  it('hold data that only the application changes, where it says which is the client’s', async () => {
    const closed = await startApp({ ...SESSION_ENV, SESSION_CLIENT_DATA: 'cart,theme' });
    const { bearer } = await createSession(closed, { userId: 'ada', data: { role: 'reader', cart: ['tea'] } });
    const patch = (data: object) => closed.http.patch('/sessions/current').set(bearer).send({ data });
    for (const data of [{ role: 'admin' }, { role: null }, { theme: 'dark', role: 'admin' }, { Cart: 1 }]) {
      const { body } = await patch(data).expect(403);
      expect(body).toMatchObject({ status: 403, detail: expect.stringContaining('SESSION_CLIENT_DATA') });
    }
    const { body } = await patch({ cart: null, theme: 'dark' }).expect(200);
    expect(body.data).toEqual({ role: 'reader', theme: 'dark' });
    const service = closed.get<SessionService>(SessionService);
    expect((await service.merge(body.id as string, { role: 'admin' }))?.data).toEqual({ role: 'admin', theme: 'dark' });
    await closed.close();
    const none = await startApp({ ...SESSION_ENV, SESSION_CLIENT_DATA: 'none' });
    const held = await createSession(none);
    await none.http
      .patch('/sessions/current')
      .set(held.bearer)
      .send({ data: { cart: [] } })
      .expect(403);
    await none.close();
  });

  it.each(['', 'a\u0000b', 'a\nb', 'x'.repeat(257), 7, null, {}])(
    'are not made for a user called %j',
    async (userId) => {
      await app.http.post('/sessions').set(TRUSTED).send({ userId }).expect(400);
    },
  );

  it('keep text that other stores would have executed or retyped', async () => {
    const data = JSON.parse(
      '{"a":"_function_then|alert","b":"_date_2020-01-01","c":{"then":"x","toJSON":"y"},"d":{"type":"Buffer","data":[1]}}',
    ) as object;
    const { bearer } = await createSession(app, { data });
    expect((await app.http.get('/sessions/current').set(bearer)).body.data).toEqual(data);
  });
});

describe('session timeouts', () => {
  it('end a session at its absolute end though requests and touches never cease', async () => {
    const app = await startApp({ ...SESSION_ENV, SESSION_ABSOLUTE_TIMEOUT: '1s', SESSION_TOUCH_INTERVAL: '0ms' });
    const { bearer } = await createSession(app);
    const first = (await app.http.get('/sessions/current').set(bearer).expect(200)).body;
    const statuses: number[] = [];
    await eventually(
      async () => {
        const { status, body } = await app.http.get('/sessions/current').set(bearer);
        statuses.push(status);
        if (status === 200) expect(body.absoluteExpiresAt).toBe(first.absoluteExpiresAt);
        expect(status).toBe(401);
      },
      { intervalMs: 1 },
    );
    expect(statuses.length).toBeGreaterThan(5);
    await app.close();
  });
});

describe('state changes with the session cookie (CSRF)', () => {
  let app: Shop;
  let cookie: { cookie: string };
  beforeAll(async () => {
    // An application that did not call enableCsrfProtection().
    app = await startShop({ ...SESSION_ENV, HTTP_TRUSTED_ORIGINS: 'https://friend.example' });
    cookie = (await createSession(app, { data: { n: 1 } })).cookie;
  });
  afterAll(() => app.close());

  const own = () => new URL(app.url).origin;
  const patch = (headers: Record<string, string>) =>
    app.http
      .patch('/sessions/current')
      .set(cookie)
      .set(headers)
      .send({ data: { n: 1 } });

  it.each<[string, () => Record<string, string>, number]>([
    ['a page of its own', () => ({ 'sec-fetch-site': 'same-origin', origin: own() }), 200],
    ['the address bar', () => ({ 'sec-fetch-site': 'none' }), 200],
    ['an allowed origin', () => ({ 'sec-fetch-site': 'cross-site', origin: 'https://friend.example' }), 200],
    ['an older browser on a page of its own', () => ({ origin: own() }), 200],
    ['no browser', () => ({}), 200],
    ['another site', () => ({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), 403],
    ['a sibling site', () => ({ 'sec-fetch-site': 'same-site', origin: 'https://blog.friend.example' }), 403],
    ['an older browser on another site', () => ({ origin: 'https://evil.example' }), 403],
    ['a sandboxed frame', () => ({ origin: 'null' }), 403],
    ['another port of this host', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    ['something that is no site', () => ({ 'sec-fetch-site': 'same-origin, none' }), 403],
  ])('from %s', async (_from, headers, status) => {
    expect((await patch(headers())).status).toBe(status);
  });

  it('are refused on every route that changes something, and the session lives on', async () => {
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const requests = [
      app.http.patch('/sessions/current').send({ data: { n: 2 } }),
      app.http.post('/sessions/current/rotate'),
      app.http.delete('/sessions/current'),
      app.http.delete('/sessions'),
      app.http.delete(`/sessions/${'x'.repeat(43)}`),
    ];
    for (const request of requests) await request.set(cookie).set(evil).expect(403);
    expect((await app.http.get('/sessions/current').set(cookie).set(evil).expect(200)).body.data).toEqual({ n: 1 });
  });

  it('do not happen through a form: neither as text nor by GET', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await app.http
        .patch('/sessions/current')
        .set(cookie)
        .set('content-type', type)
        .send('{"data":{"n":3}}');
      expect([400, 415]).toContain(status);
    }
    await app.http.get('/sessions/current/rotate').set(cookie).expect(404);
    expect((await app.http.get('/sessions/current').set(cookie)).body.data).toEqual({ n: 1 });
  });

  it('are not refused with a bearer token, which browsers do not send by themselves', async () => {
    const { bearer } = await createSession(app);
    await app.http.delete('/sessions/current').set(bearer).set('origin', 'https://evil.example').expect(204);
  });
});

describe("an application's own login", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop.close());

  it('never adopts an id that came from the client (fixation)', async () => {
    const planted = { cookie: `__Host-sid=ls_${'A'.repeat(43)}` };
    const reply = await shop.http.post('/login').set(planted).expect(201);
    expect(cookieOf(reply)).not.toEqual(planted);
    await shop.http.get('/me').set(planted).expect(401);
    await shop.http.get('/me').set(cookieOf(reply)).expect(200);
  });

  it('gives a session that was there before the login a new token, keeps its data and kills the old token', async () => {
    const before = cookieOf(await shop.http.post('/visit').expect(201));
    const after = cookieOf(await shop.http.post('/login').set(before).expect(201));
    const { body } = await shop.http.get('/me').set(after).expect(200);
    expect(body).toMatchObject({ userId: 'ada', data: { cart: ['tea'] } });
    await shop.http.get('/me').set(before).expect(401);
  });

  it('serves routes that work with and without a session', async () => {
    const cookie = cookieOf(await shop.http.post('/login').expect(201));
    expect((await shop.http.get('/greeting').expect(200)).text).toBe('hello stranger');
    expect((await shop.http.get('/greeting').set(cookie).expect(200)).text).toBe('hello ada');
  });

  it('takes a cross-site request with the cookie for a stranger on those', async () => {
    const cookie = cookieOf(await shop.http.post('/login').expect(201));
    const evil = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await shop.http.post('/greeting').set(cookie).set(evil).expect(201)).text).toBe('hello stranger');
    expect((await shop.http.post('/greeting').set(cookie).expect(201)).text).toBe('hello ada');
  });

  it('sends a cookie that works over plain HTTP when asked to', async () => {
    const plain = await startShop({ SESSION_COOKIE_SECURE: 'false' });
    const reply = await plain.http.post('/login').expect(201);
    expect(reply.get('Set-Cookie')![0]).toMatch(/^sid=ls_[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    await plain.http.get('/me').set(cookieOf(reply)).expect(200);
    await plain.close();
  });
});

describe('input of clients', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ ...SESSION_ENV, SESSION_MAX_BYTES: '64kb' });
  });
  afterAll(() => app.close());

  /** The bytes of a header as they are: a client library would refuse or change some. */
  const statusWithCookie = async (header: Buffer): Promise<number> => {
    const { port, hostname } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /sessions/current HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: ');
    socket.write(header);
    socket.write('\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(Buffer.concat(chunks).toString('latin1'))![1]);
  };

  it('opens no session by a cookie whose name only resembles the protected one, or that is sent twice', async () => {
    const { token } = await createSession(app);
    const bytes = (text: string) => Buffer.from(text, 'latin1');
    expect(await statusWithCookie(bytes(`a=b;\t __Host-sid=${token} ;c=d`))).toBe(200);
    for (const start of ['\u00a0', '\u0085', '\u00a0 ', ' \u00a0'])
      expect(await statusWithCookie(bytes(`${start}__Host-sid=${token}`))).toBe(401);
    expect(await statusWithCookie(bytes(`__Host-sid=${token}; __Host-sid=${token}`))).toBe(401);
    expect(await statusWithCookie(bytes(`__Host-sid=planted; __Host-sid=${token}`))).toBe(401);
    expect(await statusWithCookie(bytes(`\u00a0__Host-sid=planted; __Host-sid=${token}`))).toBe(200);
  });

  it('is checked for depth and size before it is merged', async () => {
    const { bearer } = await createSession(app, { userId: 'ada', data: { n: 1 } });
    const patch = (data: string) =>
      app.http.patch('/sessions/current').set(bearer).set('content-type', 'application/json').send(`{"data":${data}}`);
    for (const depth of [33, 5_000, 20_000])
      await patch(`${'{"a":'.repeat(depth)}null${'}'.repeat(depth)}`).expect(400);
    await patch(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`).expect(400);
    // Removals only, so that what is left would be small.
    const removals = Object.fromEntries(Array.from({ length: 8_000 }, (_, n) => [`member ${n}`, null]));
    const large = await patch(JSON.stringify(removals)).expect(413);
    expect(large.body.type).toBe('urn:larder:session-too-large');
    expect((await app.http.get('/sessions/current').set(bearer)).body.data).toEqual({ n: 1 });
  });

  it('has a body limit that follows SESSION_MAX_BYTES, above and below the limit of other routes', async () => {
    const send = (to: TestApp, bearer: HeldSession['bearer'], bytes: number) =>
      to.http
        .patch('/sessions/current')
        .set(bearer)
        .send({ data: { text: 'x'.repeat(bytes) } });
    const { bearer } = await createSession(app);
    await send(app, bearer, 60 * 1_024).expect(200);
    await send(app, bearer, 300 * 1_024).expect(413);
    const roomy = await startApp({ ...SESSION_ENV, SESSION_MAX_BYTES: '4mb' });
    const session = await createSession(roomy);
    await send(roomy, session.bearer, 3 * 2 ** 20).expect(200);
    await roomy.http
      .post('/sessions')
      .set(TRUSTED)
      .send({ data: { text: 'x'.repeat(3 * 2 ** 20) } })
      .expect(201);
    await roomy.close();
  });
});
