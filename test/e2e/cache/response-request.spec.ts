import { connect } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import { Controller, Delete, Get, Ip, Param, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CacheResponse } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';

let runs = 0;

@Controller()
class Routes {
  @Get('list')
  @CacheResponse()
  list(@Req() request: FastifyRequest) {
    return { run: ++runs, next: `http://${request.host}${request.url}`, original: request.originalUrl };
  }

  @Get('item/:id')
  @CacheResponse({ tags: ({ params }) => [`item:${params['id']}`] })
  item(@Param() params: Record<string, string>, @Req() request: FastifyRequest) {
    const { id } = params;
    params['id'] = 'changed';
    return { run: ++runs, id, url: request.url };
  }

  @Get('everything')
  @CacheResponse({ scope: 'public', vary: ['x-kept'] })
  everything(@Ip() ip: string | undefined, @Req() request: FastifyRequest) {
    const { raw, headers, ips } = request;
    const { cookies } = request as { cookies?: Record<string, string> };
    const { rawHeaders, headersDistinct } = raw;
    return { run: ++runs, headers, rawHeaders, headersDistinct, cookies, ip: ip ?? null, ips: ips ?? null };
  }

  @Get('tracked')
  @CacheResponse({ query: { ignore: ['utm_*'] }, ttl: '1ms' })
  tracked(@Query() query: Record<string, string>) {
    const seen = { ...query };
    delete query['a'];
    query['b'] = 'changed';
    return { run: ++runs, seen };
  }

  @Delete('item/:id')
  remove() {
    return {};
  }
}

describe('a handler that runs for the cache', () => {
  let app: CacheApp;
  beforeAll(async () => {
    app = await startCacheApp(
      { controllers: [Routes] },
      {},
      {
        adapter: { trustProxy: true },
        prepare: async (nest) => {
          await nest.register(fastifyCookie);
          // As Nest's middleware does.
          nest.use((request: { originalUrl?: string; url?: string }, _response: unknown, next: () => void) => {
            request.originalUrl ??= request.url;
            next();
          });
        },
      },
    );
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    runs = 0;
    await app.cache.clear();
  });

  /** The body of the answer to a request line, sent as it is. */
  const send = async (target: string, ...headers: string[]): Promise<Record<string, unknown>> => {
    const { host, hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''];
    socket.write(lines.join('\r\n'));
    let answer = '';
    for await (const chunk of socket) answer += chunk as string;
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
  };

  it('for a target in absolute form has a response of that host', async () => {
    const { host } = new URL(app.url);
    const evil = { run: 1, next: 'http://evil.example/list', original: '/list' };
    expect(await send('http://evil.example/list')).toEqual(evil);
    expect(await send('/list')).toEqual({ run: 2, next: `http://${host}/list`, original: '/list' });
    expect(await send('http://evil.example/list')).toEqual(evil);
    expect(await send(`http://${host}/list`)).toMatchObject({ run: 2 });
  });

  it('sees one spelling of the path and of the query', async () => {
    for (const target of ['/item/%32', '/item/2', '/item/%32?', '/item/2?&'])
      expect(await send(target)).toEqual({ run: 1, id: '2', url: '/item/2' });
    for (const target of ['/item/2?q=%61+b', '/item/2?q=a%20b'])
      expect(await send(target)).toEqual({ run: 2, id: '2', url: '/item/2?q=a%20b' });
    for (const target of ['/item/a%2fb', '/item/a%2Fb'])
      expect(await send(target)).toMatchObject({ run: 3, id: 'a/b' });
  });

  it('sees no header, cookie or address that its key does not know', async () => {
    const { host } = new URL(app.url);
    const secrets = ['Cookie: sid=secret', 'X-Other: secret', 'X-Request-Id: secret', 'X-Forwarded-For: 192.0.2.1'];
    const seen = await send('/everything', ...secrets, 'X-Kept: a', 'x-kept: b');
    expect(seen).toEqual({
      run: 1,
      headers: { host, 'x-kept': 'a, b' },
      rawHeaders: ['host', host, 'x-kept', 'a, b'],
      headersDistinct: { host: [host], 'x-kept': ['a, b'] },
      cookies: {},
      ip: null,
      ips: null,
    });
    expect(await send('/everything', 'X-Kept: a, b')).toEqual(seen);
  });

  it('changes nothing of another request when it changes its own', async () => {
    for (const run of [1, 2, 3]) {
      await app.cache.clear();
      expect(await send('/tracked?a=1&b=2&utm_source=x')).toEqual({ run, seen: { a: '1', b: '2' } });
    }
  });

  it('changes no tag when it changes its parameters', async () => {
    for (const run of [1, 2]) {
      expect(await send('/item/ABC')).toMatchObject({ run, id: 'ABC' });
      expect(await send('/item/ABC')).toMatchObject({ run, id: 'ABC' });
      await app.cache.invalidateTags(['item:ABC']);
    }
  });
});
