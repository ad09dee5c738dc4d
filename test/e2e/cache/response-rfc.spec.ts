import { connect } from 'node:net';
import { Controller, Get, Header, HttpException, NotFoundException, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CacheResponse } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { eventually } from '../../support/eventually.js';

const LONG = 'word '.repeat(1_000);
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
let runs = 0;
let isFailing = false;
let failures = 0;

@Controller()
class Routes {
  /** Sets the headers of the query. */
  @Get('headers')
  @CacheResponse({ ttl: '1h', clientControl: ['no-cache'] })
  headers(@Query() headers: Record<string, string | string[]>, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.headers(headers);
    return { run: ++runs };
  }

  @Get('stale')
  @CacheResponse({ ttl: '20ms', staleIfError: '1m', staleWhileRevalidate: '1m' })
  stale(@Query('control') control: string, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('cache-control', control);
    if (isFailing) throw new HttpException('down', 503);
    return { run: ++runs };
  }

  @Get('failing')
  @CacheResponse({ ttl: '20ms', staleIfError: '1m' })
  failing() {
    if (isFailing) {
      failures += 1;
      throw new HttpException('down', 503);
    }
    return { run: ++runs };
  }

  @Get('long')
  @CacheResponse({ ttl: '1h' })
  long(@Query() headers: Record<string, string>, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.headers(headers);
    return LONG;
  }

  @Get('bytes')
  @Header('content-type', 'application/json')
  @CacheResponse({ ttl: '1h' })
  bytes(@Res() reply: FastifyReply) {
    void reply.send(Buffer.from(JSON.stringify({ run: ++runs })));
  }

  @Get('modified')
  @Header('last-modified', MODIFIED)
  @Header('content-language', 'en')
  @CacheResponse({ ttl: '1h' })
  modified() {
    return { run: ++runs };
  }

  @Get('missing')
  @CacheResponse({ errors: { statuses: [404] } })
  missing(@Query('control') control: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
    runs += 1;
    if (control) void reply.header('cache-control', control);
    throw new NotFoundException();
  }

  @Get('named')
  @CacheResponse({ ttl: '1h' })
  named(@Query('body') body: string, @Res({ passthrough: true }) reply: FastifyReply) {
    void reply.header('x-name', 'caf\u00e9');
    return body;
  }
}

describe('a cached response, by the RFCs of HTTP caches', () => {
  let app: CacheApp;
  beforeAll(async () => {
    app = await startCacheApp({ controllers: [Routes] });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    runs = 0;
    isFailing = false;
    await app.cache.clear();
  });
  const path = (route: string, query: readonly (readonly [string, string])[]) =>
    `/${route}?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()}`;

  it.each([
    [[['cache-control', 'max-age=-1']]],
    [[['cache-control', 'max-age=60s']]],
    [[['cache-control', 'max-age=60, max-age=0']]],
    [[['cache-control', "max-age='60'"]]],
    [[['cache-control', 'extension="max-age=60", max-age=0']]],
    [[['expires', '0']]],
    [[['expires', 'Sun, 06 Nov 1994 08:49:37 GMT']]],
    [[['expires', 'Fri, 01 Jan 2100 00:00:00 UTC']]],
    [
      [
        ['age', '61'],
        ['cache-control', 'max-age=60'],
      ],
    ],
    [
      [
        ['expires', 'Fri, 01 Jan 2100 00:00:00 GMT'],
        ['date', 'Fri, 01 Jan 2100 00:00:00 GMT'],
      ],
    ],
    [
      [
        ['cdn-cache-control', 'max-age=0'],
        ['cache-control', 'max-age=60'],
      ],
    ],
  ] as [string, string][][][])('is stale at once with %j', async (query) => {
    for (const run of [1, 2]) await app.http.get(path('headers', query)).expect(200, { run });
  });

  it.each([
    [[['cache-control', 'max-age="60"']], 60],
    [[['cache-control', 'extension="max-age=0, no-store", max-age=60']], 60],
    [
      [
        ['expires', 'Sunday, 06-Nov-94 08:49:37 GMT'],
        ['cache-control', 'max-age=60'],
      ],
      60,
    ],
    [
      [
        ['age', '20'],
        ['cache-control', 'max-age=60'],
      ],
      40,
    ],
    [
      [
        ['age', 'x'],
        ['cache-control', 'max-age=60'],
      ],
      60,
    ],
    [
      [
        ['cdn-cache-control', 'max-age=60'],
        ['cache-control', 'no-store'],
      ],
      60,
    ],
    [
      [
        ['cdn-cache-control', 'max-age=9, &&&'],
        ['cache-control', 'max-age=60'],
      ],
      60,
    ],
    [
      [
        ['cdn-cache-control', 'max-age="9"'],
        ['cache-control', 'max-age=60'],
      ],
      60,
    ],
  ] as [[string, string][], number][])('is fresh with %j', async (query, seconds) => {
    await app.http.get(path('headers', query)).expect(200);
    const hit = await app.http.get(path('headers', query)).expect(200, { run: 1 });
    const ttl = Number(/hit; ttl=(\d+)/.exec(hit.headers['cache-status']!)?.[1]);
    expect(ttl).toBeGreaterThan(seconds - 20);
    expect(ttl).toBeLessThanOrEqual(seconds);
    const age = query.find(([name]) => name === 'age')?.[1];
    if (age === '20') expect(Number(hit.headers['age'])).toBeGreaterThanOrEqual(20);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60'])('is never served stale with %s', async (control) => {
    await app.http.get(path('stale', [['control', control]])).expect(200);
    isFailing = true;
    await eventually(() => app.http.get(path('stale', [['control', control]])).expect(503));
  });

  it('is served stale for a moment after a failure, without another run of the handler', async () => {
    const ask = () => app.http.get('/failing').expect(200, { run: 1 });
    await ask();
    isFailing = true;
    await eventually(() => ask().expect('cache-status', 'Larder; fwd=stale; detail=handler-failed'));
    const failed = failures;
    const throttled = await ask();
    expect(throttled.headers['cache-status']).toMatch(/^Larder; hit; ttl=-\d+; detail=handler-failed$/);
    expect(failures).toBe(failed);
    isFailing = false;
    await eventually(() => app.http.get('/failing').expect(200, { run: 2 }));
  });

  it('is served stale without them', async () => {
    await app.http.get(path('stale', [['control', 'public']])).expect(200);
    isFailing = true;
    await eventually(() =>
      app.http
        .get(path('stale', [['control', 'public']]))
        .expect(200)
        .expect('cache-status', /ttl=-/),
    );
  });

  it.each([
    ['cache-control', 'no-transform, max-age=60'],
    ['content-digest', 'sha-256=:AA==:'],
    ['repr-digest', 'sha-256=:AA==:'],
    ['content-encoding', 'custom'],
  ])('is not compressed with %s: %s', async (name, value) => {
    for (let i = 0; i < 2; i++) {
      const answer = await fetch(app.url + path('long', [[name, value]]), { headers: { 'accept-encoding': 'br' } });
      expect(answer.headers.get('content-encoding')).toBe(name === 'content-encoding' ? value : null);
      expect(answer.headers.get(name)).toBe(value);
      expect(await answer.text()).toBe(LONG);
    }
  });

  it('keeps tags without quotes apart', async () => {
    for (let i = 0; i < 2; i++) {
      const url = path('headers', [['etag', 'abc']]);
      await app.http.get(url).set('if-none-match', '"abc"').expect(200).expect('etag', 'abc');
      await app.http.get(url).set('if-none-match', 'abc').expect(304);
      await app.http
        .get(path('headers', [['etag', '"abc"']]))
        .set('if-none-match', 'abc')
        .expect(200);
    }
  });

  it('has the content type of the first answer', async () => {
    for (let i = 0; i < 2; i++)
      await app.http.get('/bytes').expect(200, { run: 1 }).expect('content-type', 'application/json');
  });

  it('says that the client asked for a new one', async () => {
    await app.http.get('/headers').expect('cache-status', /fwd=miss/);
    await app.http
      .get('/headers')
      .set('cache-control', 'no-cache')
      .expect('cache-status', 'Larder; fwd=request; stored');
  });

  it('is not repeated by a 304, which has no metadata of the representation', async () => {
    for (let i = 0; i < 2; i++) {
      const { headers } = await app.http.get('/modified').expect(200);
      expect(headers).toMatchObject({ 'content-language': 'en', 'last-modified': MODIFIED });
      for (const method of ['get', 'head'] as const) {
        const known = await app.http[method]('/modified').set('if-none-match', headers['etag']!).expect(304);
        for (const name of ['content-type', 'content-length', 'content-language', 'last-modified'])
          expect(known.headers[name]).toBeUndefined();
        expect(known.headers).toMatchObject({ etag: headers['etag'], 'cache-control': 'public, no-cache' });
      }
    }
  });

  it('is 304 by If-Modified-Since, unless If-None-Match says otherwise', async () => {
    for (const [since, status] of [
      [MODIFIED, 304],
      ['Sun, 06 Nov 1994 08:49:38 GMT', 304],
      ['Sun, 06 Nov 1994 08:49:36 GMT', 200],
      ['yesterday', 200],
    ] as const)
      await app.http.get('/modified').set('if-modified-since', since).expect(status);
    await app.http.get('/modified').set('if-modified-since', MODIFIED).set('if-none-match', '"other"').expect(200);
    await app.http.get('/headers').set('if-modified-since', MODIFIED).expect(200);
  });

  it('is not stored for an error that its handler marks no-store', async () => {
    for (let i = 0; i < 2; i++) await app.http.get('/missing').expect(404);
    expect(runs).toBe(1);
    for (let i = 0; i < 2; i++) await app.http.get('/missing?control=no-store').expect(404);
    expect(runs).toBe(3);
  });

  it('drops the headers of one connection, and those that Connection names', async () => {
    const url = path('headers', [
      ['connection', 'x-hop'],
      ['x-hop', '1'],
      ['x-kept', '1'],
      ['proxy-authenticate', 'x'],
    ]);
    await app.http.get(url).expect(200);
    const { headers } = await app.http.get(url).expect(200, { run: 1 });
    expect(headers['x-kept']).toBe('1');
    for (const name of ['x-hop', 'proxy-authenticate']) expect(headers[name]).toBeUndefined();
  });

  it('has the same header bytes whatever its body is', async () => {
    const { hostname, port } = new URL(app.url);
    const heads = new Set<string>();
    for (const body of ['ascii', 'gr%C3%B6%C3%9Fer', 'ascii', 'gr%C3%B6%C3%9Fer']) {
      const socket = connect(Number(port), hostname).setEncoding('latin1');
      socket.write(`GET /named?body=${body} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += chunk as string;
      heads.add(/x-name: .*/i.exec(answer)![0]);
    }
    expect([...heads]).toEqual(['x-name: caf\u00e9']);
  });
});
