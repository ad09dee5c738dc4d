import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  Injectable,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Cacheable, CacheResponse } from '../../../src/modules/cache/index.js';
import { startCacheApp } from '../../support/cache-app.js';
import { CallerGuard, Stage } from './response.controllers.js';

/** Wraps what handlers return, and counts how often. */
@Injectable()
class Wrapping implements NestInterceptor {
  runs = 0;

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.runs++;
    return next.handle().pipe(map((data: object) => ({ data })));
  }
}

@Controller('open')
class OpenRoutes {
  constructor(private readonly stage: Stage) {}

  @Get(':id')
  @CacheResponse()
  find(@Param('id', ParseIntPipe) id: number) {
    return { id, run: this.stage.run('open') };
  }
}

@Controller('guarded')
@UseGuards(CallerGuard)
class GuardedRoutes {
  constructor(private readonly stage: Stage) {}

  @Get('plain/:id')
  @CacheResponse({ scope: 'public' })
  plain(@Param('id', ParseIntPipe) id: number) {
    return { id, run: this.stage.run('plain') };
  }

  @Get('headers')
  @CacheResponse({ scope: 'public', vary: ['x-kept'] })
  headers(@Headers() headers: Record<string, string>) {
    return { headers: Object.keys(headers).sort(), run: this.stage.run('headers') };
  }

  @Get('both')
  @CacheResponse({ scope: 'public' })
  @Cacheable({ tags: ['both'] })
  async both(): Promise<{ run: number }> {
    return { run: this.stage.run('both') };
  }

  @Get('calls-another/:id')
  @CacheResponse({ scope: 'public' })
  callsAnother(@Param('id', ParseIntPipe) id: number) {
    return { inner: this.plain(id + 1), run: this.stage.run('outer') };
  }
}

const parts = { controllers: [OpenRoutes, GuardedRoutes], providers: [Stage, CallerGuard] };

describe('a hit is answered', () => {
  it('behind a guard with the handler’s bytes, its pipes heeded', async () => {
    const app = await startCacheApp(parts);
    const first = await app.http.get('/guarded/plain/1').expect(200, { id: 1, run: 1 });
    const second = await app.http.get('/guarded/plain/1').expect(200, first.text);
    expect(second.headers['cache-status']).toContain('hit');
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    await app.http.get('/guarded/plain/one').expect(400);
    await app.http.get('/guarded/plain/1').set('authorization', 'acme/banned').expect(403);
    await app.http.get('/guarded/plain/1').set('if-none-match', first.headers['etag']!).expect(304);
    await app.close();
  });

  it('before parameters are read that the key does not know', async () => {
    const app = await startCacheApp(parts);
    const first = await app.http
      .get('/guarded/headers')
      .set('x-evil', '1')
      .set('x-kept', '1')
      .set('authorization', 'a/b');
    expect(first.body).toEqual({ headers: ['host', 'x-kept'], run: 1 });
    await app.http.get('/guarded/headers').set('x-kept', '1').expect(200, first.text);
    await app.http
      .get('/guarded/headers')
      .set('x-kept', '2')
      .expect(200, /"run":2/);
    await app.close();
  });

  it('with @Cacheable beneath: each keeps its own', async () => {
    const app = await startCacheApp(parts);
    for (let i = 0; i < 2; i++) await app.http.get('/guarded/both').expect(200, { run: 1 });
    await app.cache.invalidateTags(['both']);
    await app.http.get('/guarded/both').expect(200, { run: 1 });
    expect(await app.get<GuardedRoutes>(GuardedRoutes).both()).toEqual({ run: 2 });
    await app.close();
  });

  it('not to a handler that calls another route’s method', async () => {
    const app = await startCacheApp(parts);
    for (let i = 0; i < 2; i++) {
      await app.http.get('/guarded/calls-another/1').expect(200, { inner: { id: 2, run: 1 }, run: 2 });
    }
    await app.http.get('/guarded/plain/2').expect(200, { id: 2, run: 3 });
    await app.close();
  });

  it.each(['of the application', 'of the class'])('with what interceptors %s made of it, once', async (where) => {
    const wrapping = new Wrapping();
    @UseInterceptors(wrapping)
    class Intercepted extends GuardedRoutes {}
    UseGuards(CallerGuard)(Intercepted);
    Controller('guarded')(Intercepted);
    Reflect.defineMetadata('design:paramtypes', [Stage], Intercepted);
    const app = await startCacheApp(
      where === 'of the class'
        ? { ...parts, controllers: [OpenRoutes, Intercepted] }
        : { ...parts, providers: [...parts.providers, { provide: APP_INTERCEPTOR, useValue: wrapping }] },
    );
    const first = await app.http.get('/guarded/plain/1').expect(200, { data: { id: 1, run: 1 } });
    await app.http.get('/guarded/plain/1').expect(200, first.text);
    expect(wrapping.runs).toBe(1);
    const open = await app.http.get('/open/1').expect(200);
    await app.http.get('/open/1').expect(200, open.text);
    await app.close();
  });

  it('of a handler that sends its response by itself behind a guard', async () => {
    let runs = 0;
    @Controller('sending')
    @UseGuards(CallerGuard)
    class Sending {
      @Get()
      @CacheResponse({ scope: 'public' })
      send(@Res() reply: FastifyReply): void {
        void reply.code(203).header('x-sent', 'yes').send(`sent ${++runs}`);
      }
    }
    const app = await startCacheApp({ controllers: [Sending], providers: [CallerGuard] });
    for (let i = 0; i < 2; i++) await app.http.get('/sending').expect(203, 'sent 1').expect('x-sent', 'yes');
    await app.close();
  });

  it('past all exception filters: a hit calls none of them', async () => {
    const caught: unknown[] = [];
    @Catch()
    class CatchAll implements ExceptionFilter {
      catch(error: unknown, host: ArgumentsHost): void {
        caught.push(error);
        void host.switchToHttp().getResponse<FastifyReply>().code(500).send('caught');
      }
    }
    @Controller('filtered')
    @UseGuards(CallerGuard)
    @UseFilters(new CatchAll())
    class Filtered {
      @Get()
      @Header('x-kept', 'yes')
      @CacheResponse({ scope: 'public' })
      @UseFilters(new CatchAll())
      read() {
        return { is: 'kept' };
      }
    }
    const app = await startCacheApp({
      controllers: [Filtered],
      providers: [CallerGuard, { provide: APP_FILTER, useValue: new CatchAll() }],
    });
    for (const status of [/stored/, /hit/])
      await app.http
        .get('/filtered')
        .expect(200, { is: 'kept' })
        .expect('cache-status', status)
        .expect('x-kept', 'yes');
    expect(caught).toEqual([]);
    await app.http.get('/filtered').set('authorization', 'acme/banned').expect(500, 'caught');
    await app.close();
  });

  it.each([
    ['in ASCII', 'plain '.repeat(10)],
    ['in other letters', 'größer, 日本語, 🫙'],
    ['too long for one write', 'word '.repeat(5_000)],
    ['of bytes that are no text', Buffer.from([0, 255, 128, 200])],
    ['that is empty', ''],
  ])('with the same bytes, where the body is a text %s', async (_kind, body) => {
    @Controller('bytes')
    class Bytes {
      @Get('open')
      @CacheResponse({ compress: false })
      open(@Res({ passthrough: true }) reply: FastifyReply) {
        void reply.header('content-type', 'application/octet-stream');
        return body;
      }

      @Get('guarded')
      @UseGuards(CallerGuard)
      @CacheResponse({ scope: 'public', compress: false })
      guarded(@Res({ passthrough: true }) reply: FastifyReply) {
        void reply.header('content-type', 'application/octet-stream');
        return body;
      }
    }
    const app = await startCacheApp({ controllers: [Bytes], providers: [CallerGuard] });
    for (const path of ['/bytes/open', '/bytes/guarded']) {
      for (const expected of ['stored', 'hit']) {
        const answer = await fetch(app.url + path);
        expect(answer.headers.get('cache-status')).toContain(expected);
        expect(answer.headers.get('content-type')).toBe('application/octet-stream');
        expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
        expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(body));
      }
    }
    await app.close();
  });
});
