import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import fc from 'fast-check';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';
import { CallerGuard, PersonalRoutes, PublicRoutes, Stage } from './response.controllers.js';

/** Middleware that gives new visitors a cookie. */
@Module({})
class SettingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const setCookie = ({ headers }: IncomingMessage, reply: ServerResponse, next: () => void) => {
      if (headers['x-new-visitor']) reply.setHeader('set-cookie', 'visitor=1');
      next();
    };
    consumer.apply(setCookie).forRoutes('*path');
  }
}

describe('cached responses do not', () => {
  let app: CacheApp;
  let stage: Stage;

  beforeAll(async () => {
    app = await startCacheApp({ controllers: [PublicRoutes, PersonalRoutes], providers: [Stage, CallerGuard] });
    stage = app.get<Stage>(Stage);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.cache.clear();
    stage.runs = [];
  });

  const asCaller = (path: string, caller: string) => app.http.get(path).set('authorization', caller);

  describe('leak from one caller to another', () => {
    it.each(['authorization', 'cookie', 'x-api-key'])(
      'by %s: such requests are neither stored nor answered from the cache',
      async (header) => {
        await app.http.get('/public/item/1').expect(200);
        for (const secret of ['a', 'b']) {
          const answer = await app.http.get('/public/item/1').set(header, secret).expect(200);
          expect(answer.headers['cache-status']).toBe('Larder; fwd=bypass; detail=credentials');
          expect(answer.headers['cache-control']).toBe('private, no-cache');
        }
        expect(stage.runs).toHaveLength(3);
        const { headers } = await app.http.get('/public/item/1');
        expect(headers['vary']).toContain(header);
      },
    );

    it('on a guarded route without a scope', async () => {
      expect((await asCaller('/me', 'acme/ann')).body.user.id).toBe('ann');
      expect((await asCaller('/me', 'acme/bob')).body.user.id).toBe('bob');
      expect((await app.http.get('/me')).body.user).toBeNull();
    });

    it('on a route whose responses are each user’s own', async () => {
      for (let i = 0; i < 2; i++) {
        const ann = await asCaller('/me/user', 'acme/ann').expect(200);
        expect(ann.body).toEqual({ run: 1, user: { id: 'ann', tenantId: 'acme' } });
        expect(ann.headers['cache-control']).toBe('private, no-cache');
        if (i === 0) expect((await asCaller('/me/user', 'acme/bob')).body.run).toBe(2);
        if (i === 0) expect((await asCaller('/me/user', 'other/ann')).body.run).toBe(3);
      }
      await app.http.get('/me/user').expect('cache-status', 'Larder; fwd=bypass; detail=no-principal');
    });

    it('of one tenant to another, also by tag', async () => {
      expect((await asCaller('/me/tenant', 'acme/ann')).body.run).toBe(1);
      expect((await asCaller('/me/tenant', 'acme/bob')).body.run).toBe(1);
      expect((await asCaller('/me/tenant', 'other/ann')).body.run).toBe(2);
    });

    it('past a guard', async () => {
      await asCaller('/me/tenant', 'acme/ann').expect(200);
      await asCaller('/me/tenant', 'acme/banned').expect(403);
    });

    it('give a public response to all callers, and show the handler no credentials', async () => {
      const first = await app.http
        .get('/public/everyone')
        .set('authorization', 'secret')
        .set('cookie', 'sid=secret')
        .expect(200);
      expect(first.body.headers).toEqual(['host']);
      await app.http.get('/public/everyone').expect(200, first.text);
    });
  });

  describe('store responses that must not be stored', () => {
    it.each([
      ['set-cookie=sid%3D1', 'set-cookie'],
      ['cache-control=private', 'private'],
      ['cache-control=no-store', 'no-store'],
      ['cache-control=no-cache', 'no-store'],
      ['cache-control=public%2C%20max-age%3D60%2C%20private', 'private'],
      ['vary=*', 'vary'],
      ['vary=x-device', 'vary'],
      ['x-huge=10000', 'headers'],
    ])('%s', async (query, reason) => {
      for (let run = 1; run <= 2; run++) {
        const answer = await fetch(`${app.url}/public/headers?${query}`, {
          headers: { 'accept-encoding': 'identity' },
        });
        expect(answer.headers.get('cache-status')).toBe(`Larder; fwd=bypass; detail=${reason}`);
        expect(stage.runs).toHaveLength(run);
      }
    });

    it('but keep to a shorter lifetime that the handler gives', async () => {
      for (const query of ['cache-control=max-age%3D0', 'cache-control=s-maxage%3D0%2C%20max-age%3D60']) {
        await app.http.get(`/public/headers?${query}`);
        const second = await app.http.get(`/public/headers?${query}`);
        expect(second.headers['cache-status']).toBe('Larder; fwd=miss');
      }
      await app.http.get('/public/headers?cache-control=s-maxage%3D9%2C%20max-age%3D60');
      const { headers } = await app.http.get('/public/headers?cache-control=s-maxage%3D9%2C%20max-age%3D60');
      expect(headers['cache-status']).toMatch(/hit; ttl=[89];/);
      expect(headers['cache-control']).toBe('s-maxage=9, max-age=60');
    });

    it('further down: a cookie that middleware sets on a hit is for its client alone', async () => {
      const own = await startCacheApp({ controllers: [PublicRoutes], providers: [Stage] });
      await own.http.get('/public/text').expect('cache-control', 'public, max-age=10, stale-while-revalidate=60');
      await own.close();
      const setting = await startCacheApp({
        imports: [SettingModule],
        controllers: [PublicRoutes],
        providers: [Stage],
      });
      await setting.http.get('/public/text').expect('cache-status', /stored/);
      await setting.http
        .get('/public/text')
        .set('x-new-visitor', '1')
        .expect('cache-status', /hit/)
        .expect('set-cookie', 'visitor=1')
        .expect('cache-control', 'private, no-cache');
      await setting.http.get('/public/text').expect('cache-control', 'public, max-age=10, stale-while-revalidate=60');
      await setting.close();
    });

    it('a response marked private, but for its user', async () => {
      await asCaller('/me/private', 'acme/ann');
      const again = await asCaller('/me/private', 'acme/ann').expect(200, /"run":1/);
      expect(again.headers['cache-control']).toBe('private, max-age=30');
    });

    it('errors, unless asked to, and then briefly', async () => {
      await app.http.get('/public/missing/1').expect(404);
      await app.http.get('/public/missing/1').expect(404);
      expect(stage.runs).toEqual(['missing', 'missing']);
      await app.http.get('/public/remembered-missing').expect(404);
      const again = await app.http
        .get('/public/remembered-missing')
        .expect(404)
        .expect('content-type', /problem\+json/);
      expect(again.headers['cache-status']).toMatch(/^Larder; hit; ttl=\d;/);
      expect(again.headers['cache-control']).toBe('no-cache');
    });
  });

  describe('mistake one resource for another', () => {
    it.each([
      '/me/user/x.css',
      '/me/user;a.css',
      '/me/user%2fx.css',
      '/me/user%00.css',
      '/me/user/..%2fstatic/a.js',
      '/me/user%3f.css',
    ])('as %s', async (path) => {
      await asCaller('/me/user', 'acme/ann').expect(200);
      const deceived = await asCaller(path, 'acme/ann');
      expect(deceived.status).toBeGreaterThanOrEqual(400);
      await app.http.get(path).expect((answer) => expect(answer.text).not.toContain('"ann"'));
    });

    it.each([
      ['x-forwarded-host', 'evil.example'],
      ['x-forwarded-scheme', 'http'],
      ['x-forwarded-port', '4444'],
      ['x-original-url', '/me'],
      ['x-rewrite-url', '/me'],
      ['x-http-method-override', 'POST'],
      ['forwarded', 'host=evil.example'],
      ['origin', 'https://evil.example'],
      ['accept', 'text/evil'],
      ['x-anything', 'evil'],
    ])('when a request carries %s', async (name, value) => {
      const poisoned = await app.http.get('/public/language').set(name, value).expect(200);
      expect(poisoned.text).not.toContain(value);
      await app.http
        .get('/public/everyone')
        .set(name, value)
        .expect((answer) => expect(answer.body.headers).toEqual(['host']));
      await app.http.get('/public/language').expect(200, { run: 1, language: 'none', host: 'none' });
    });

    it('for another host', async () => {
      await app.http.get('/public/item/1').set('host', 'evil.example');
      const clean = await app.http.get('/public/item/1');
      expect(clean.body.run).toBe(2);
    });

    it('for another value of a header it varies on', async () => {
      for (const language of ['de', 'en', 'de']) {
        const answer = await app.http.get('/public/language').set('accept-language', language).expect(200);
        expect(answer.body.language).toBe(language);
        expect(answer.headers['vary']).toContain('accept-language');
      }
      expect(stage.runs).toHaveLength(2);
    });

    it('for another query', async () => {
      const queries = [
        '',
        '?a=1',
        '?a=2',
        '?a=1&a=2',
        '?a=2&a=1',
        '?a=1;b=2',
        '?a=1&b=2',
        '?b=2&a=1',
        '?A=1',
        '?a',
        '?a=',
        '?a=%00',
        '?a[]=1',
        '?utm_source=x',
      ];
      const texts = new Map<string, string>();
      for (const query of queries) texts.set(query, (await app.http.get(`/public/item/1${query}`).expect(200)).text);
      expect(stage.runs).toHaveLength(queries.length - 1); // `?a` and `?a=` are the same to the handler
      for (const query of queries) expect((await app.http.get(`/public/item/1${query}`)).text).toBe(texts.get(query));
    });

    it('for another spelling only where the handler can’t tell', async () => {
      const [plus, space, upper] = ['?q=a+b', '?q=a%20b', '?q=A+B'];
      const { text } = await app.http.get(`/public/item/1${plus}`);
      expect((await app.http.get(`/public/item/1${space}`)).text).toBe(text);
      expect((await app.http.get(`/public/item/1${upper}`)).text).not.toBe(text);
    });

    it('by parameters the handler does not see', async () => {
      const first = await app.http.get('/public/tracked?b=2&utm_source=evil&a=1&utm%5Fmedium=evil').expect(200);
      expect(first.body).toEqual({ run: 1, query: { a: '1', b: '2' }, url: '/public/tracked?a=1&b=2' });
      await app.http.get('/public/tracked?a=1&b=2').expect(200, first.text);
    });

    it('for a request with a body', async () => {
      await app.http
        .get('/public/item/1')
        .send({ id: 'evil' })
        .expect('cache-status', 'Larder; fwd=bypass; detail=body');
      expect(stage.runs).toHaveLength(1);
      await app.http.get('/public/item/1').expect('cache-status', /fwd=miss/);
    });

    it('whatever its parameters and query are', async () => {
      const word = fc
        .string({ unit: 'binary', minLength: 1, maxLength: 20 })
        .filter((text) => text.isWellFormed() && text !== '.' && text !== '..');
      await fc.assert(
        fc.asyncProperty(fc.tuple(word, word), fc.tuple(word, word), async (left, right) => {
          const ask = async ([id, value]: [string, string]) => {
            const answer = await fetch(
              `${app.url}/public/item/${encodeURIComponent(id)}?v=${encodeURIComponent(value)}`,
            );
            return answer.status === 200 ? ((await answer.json()) as { id: string; query: unknown }) : undefined;
          };
          for (const given of [left, right, left]) {
            const answer = await ask(given);
            if (answer) expect(answer).toMatchObject({ id: given[0], query: [['v', given[1]]] });
          }
        }),
        { numRuns: 60 },
      );
    });

    it('when names are those of prototypes', async () => {
      await app.http.get('/public/item/__proto__?__proto__=x&constructor=y').expect(200);
      expect(({} as { x?: unknown }).x).toBeUndefined();
      const other = await app.http.get('/public/item/constructor?constructor=z').expect(200);
      expect(other.body.id).toBe('constructor');
    });

    it('with as many parameters as Node reads, ten thousand, or a 64 kB key', async () => {
      const ask = (query: string) => app.http.get(`/public/item/1?${query}`);
      // Node reads 16 kB of request line and headers.
      const [many, fewer] = [7_000, 6_999].map((count) => 'a&'.repeat(count));
      for (const query of [many!, fewer!, many!, fewer!]) {
        const { body } = await ask(query).expect(200);
        expect((body as { query: [string, string[]][] }).query).toEqual([['a', Array(query.length / 2).fill('')]]);
      }
      expect(stage.runs).toHaveLength(2);
      const named = Array.from({ length: 1_000 }, (_, i) => `p${i}=${i}`).join('&');
      await ask(named).expect(200);
      for (const query of ['a&'.repeat(10_000), Array.from({ length: 10_000 }, (_, i) => `p${i}=${i}`).join('&')])
        await ask(query).expect(431);
      expect((await app.http.get(`/public/item/${'x'.repeat(65_536)}`)).status).toBeGreaterThanOrEqual(400);
      expect(stage.runs).toHaveLength(3);
    });
  });

  it.each(['*', '%3f', '[a]', '{x}', 'a:b', 'http%3A%23', '%0d%0ax'])(
    'take %s for a pattern when its tag is invalidated',
    async (id) => {
      await app.http.get(`/public/item/${id}`).expect(200);
      await app.http.get('/public/item/other').expect(200);
      await app.cache.invalidateTags([`item:${decodeURIComponent(id)}`]);
      await app.http.get('/public/item/other').expect('cache-status', /hit/);
      await app.http.get(`/public/item/${id}`).expect('cache-status', /miss/);
    },
  );

  describe('answer calls that are not HTTP', () => {
    it.each([
      ['TRACE', 'TRACE /public/item/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
      ['an unknown method', 'BREW /public/item/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
      [
        'CL and TE',
        'GET /public/item/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
      ],
      [
        'two lengths',
        'GET /public/item/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabcdef',
      ],
      [
        'a folded header',
        'GET /public/item/1 HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nTransfer-Encoding\r\n : chunked\r\nConnection: close\r\n\r\n',
      ],
      ['no host', 'GET /public/item/1 HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ])('as %s', async (_what, request) => {
      const answer = await send(Number(new URL(app.url).port), request);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(stage.runs).toEqual([]);
    });
  });
});

/** What the server says to raw bytes, until it closes. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(bytes);
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk as string;
  return answer;
}
