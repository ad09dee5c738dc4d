import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Headers,
  Injectable,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
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
  async callsAnother(@Param('id', ParseIntPipe) id: number) {
    return { inner: await this.plain(id + 1), run: this.stage.run('outer') };
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

  it('by no handler that sends its response by itself behind a guard', async () => {
    @Controller()
    @UseGuards(CallerGuard)
    class Sending {
      @Get()
      @CacheResponse()
      send(@Res() reply: FastifyReply): void {
        void reply.send('sent');
      }
    }
    await expect(startCacheApp({ controllers: [Sending], providers: [CallerGuard] })).rejects.toThrow(
      /^Sending@send: a cached route with guards/,
    );
  });
});
