import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HttpException,
  Injectable,
  NotFoundException,
  Param,
  Query,
  Req,
  Res,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CacheResponse } from '../../../src/modules/cache/index.js';

/** What handlers were asked, and what tests make them do. */
@Injectable()
export class Stage {
  runs: string[] = [];
  isFailing = false;
  hold: Promise<void> = Promise.resolve();

  run(what: string): number {
    return this.runs.push(what);
  }

  /** Makes handlers wait until the returned function is called. */
  close(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.hold = promise;
    return resolve;
  }
}

@Controller('public')
export class PublicRoutes {
  constructor(private readonly stage: Stage) {}

  @Get('item/:id')
  @CacheResponse({ ttl: '1m', tags: ({ params }) => [`item:${params['id']}`] })
  item(@Param('id') id: string, @Query() query: Record<string, unknown>) {
    return { id, query: Object.entries(query), run: this.stage.run(`item ${id}`) };
  }

  @Get('by-author')
  @CacheResponse({
    ttl: '1m',
    tags: ['books'],
    resultTags: (book, { query }) => [
      `author:${(book as { author: string }).author}`,
      `asked:${String(query['asked'])}`,
    ],
  })
  byAuthor() {
    return { author: 'ann', run: this.stage.run('book') };
  }

  @Get('slow')
  @CacheResponse({ ttl: '1m' })
  async slow() {
    const run = this.stage.run('slow');
    await this.stage.hold;
    return { run };
  }

  @Get('everyone')
  @CacheResponse({ ttl: '1m', scope: 'public' })
  everyone(@Headers() headers: Record<string, string>) {
    return { run: this.stage.run('everyone'), headers: Object.keys(headers).sort() };
  }

  @Get('text')
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('x-shape', 'table')
  @CacheResponse({ maxAge: '10s', staleWhileRevalidate: '1m' })
  text() {
    return `run,${this.stage.run('text')}\n`.repeat(200);
  }

  @Get('nothing')
  @CacheResponse()
  nothing() {
    this.stage.run('nothing');
  }

  @Get('tracked')
  @CacheResponse({ query: { ignore: ['utm_*'], sort: true } })
  tracked(@Query() query: Record<string, string>, @Req() request: FastifyRequest) {
    return { run: this.stage.run('tracked'), query, url: request.url };
  }

  @Get('language')
  @CacheResponse({ vary: ['Accept-Language'] })
  language(
    @Headers('accept-language') language: string | undefined,
    @Headers('x-forwarded-host') host: string | undefined,
  ) {
    return { run: this.stage.run('language'), language: language ?? 'none', host: host ?? 'none' };
  }

  @Get('strict')
  @CacheResponse({ clientControl: ['no-cache', 'no-store', 'only-if-cached'] })
  strict() {
    return { run: this.stage.run('strict') };
  }

  @Get('flaky')
  @CacheResponse({ ttl: '20ms', staleIfError: '1m' })
  flaky() {
    const run = this.stage.run('flaky');
    if (this.stage.isFailing) throw new HttpException('down', 503);
    return { run };
  }

  @Get('fading')
  @CacheResponse({ ttl: '20ms', staleWhileRevalidate: '1m' })
  async fading() {
    const run = this.stage.run('fading');
    await this.stage.hold;
    return { run };
  }

  @Get('missing/:id')
  @CacheResponse()
  missing(@Param('id') id: string) {
    this.stage.run('missing');
    throw new NotFoundException(id);
  }

  @Get('remembered-missing')
  @CacheResponse({ errors: { statuses: [404], ttl: '1h' } })
  rememberedMissing() {
    this.stage.run('remembered-missing');
    throw new NotFoundException();
  }

  /** Sets what the query says, as a handler that stores nothing well would. */
  @Get('headers')
  @CacheResponse()
  headers(@Query() headers: Record<string, string>, @Res({ passthrough: true }) reply: FastifyReply) {
    for (const [name, value] of Object.entries(headers))
      reply.header(name, name === 'x-huge' ? 'x'.repeat(Number(value)) : value);
    return { run: this.stage.run('headers') };
  }

  @Get('stream')
  @CacheResponse()
  stream() {
    this.stage.run('stream');
    return new StreamableFile(Buffer.from('streamed'));
  }

  /** Not cached: shows what the others are compared with. */
  @Get('plain/:id')
  plain(@Param('id') id: string, @Query() query: Record<string, unknown>) {
    return { id, query: Object.entries(query), run: 1 };
  }
}

/** Knows callers by `authorization: tenant/user`. */
@Injectable()
export class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: unknown }>();
    const [tenantId, id] = (request.headers.authorization ?? '').split('/');
    if (id === 'banned') return false;
    if (id) request.user = { id, tenantId };
    return true;
  }
}

@Controller('me')
@UseGuards(CallerGuard)
export class PersonalRoutes {
  constructor(private readonly stage: Stage) {}

  private answer(what: string, request: FastifyRequest & { user?: unknown }) {
    return { run: this.stage.run(what), user: request.user ?? null };
  }

  @Get()
  @CacheResponse({ ttl: '1m' })
  unscoped(@Req() request: FastifyRequest) {
    return this.answer('unscoped', request);
  }

  @Get('user')
  @CacheResponse({ ttl: '1m', scope: 'user', tags: ({ principal }) => [`user:${principal}`] })
  user(@Req() request: FastifyRequest) {
    return this.answer('user', request);
  }

  @Get('tenant')
  @CacheResponse({ ttl: '1m', scope: 'tenant' })
  tenant(@Req() request: FastifyRequest) {
    return this.answer('tenant', request);
  }

  @Get('private')
  @Header('cache-control', 'private, max-age=30')
  @CacheResponse({ scope: 'user' })
  private(@Req() request: FastifyRequest) {
    return this.answer('private', request);
  }

  @Get('fading')
  @CacheResponse({ ttl: '20ms', staleWhileRevalidate: '1m', scope: 'user' })
  fading(@Req() request: FastifyRequest) {
    return this.answer('fading', request);
  }
}
