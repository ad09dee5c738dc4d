import { jest } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Headers,
  Injectable,
  Logger,
  Req,
  UseGuards,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Cacheable, CacheConfig, CacheEvict, CachePut, CacheResponse } from '../../../src/modules/cache/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';

interface Caller {
  readonly user?: unknown;
}

/** The users by the name that a client gives in `x-caller`; more than one may have the same text. */
const callers: Record<string, unknown> = {
  text: { id: 'admin', tenantId: 'acme' },
  bigints: { id: 7n, tenantId: 1n },
  numbers: { id: 7, tenantId: 1 },
  'a bigint as tenant': { id: 'admin', tenantId: 2n },
  'an object as id': { id: { toString: () => 'admin' }, tenantId: 'acme' },
  'an object as tenant': { id: 'admin', tenantId: { toHexString: () => 'acme' } },
  'an array': { id: ['admin'], tenantId: 'acme' },
  'an empty id': { id: '', sub: 'admin', tenantId: 'acme' },
  'an empty tenant': { id: 'admin', tenantId: '' },
  'not a number': { id: Number.NaN, tenantId: 'acme' },
  'a number above 2^53': { id: 2 ** 53, tenantId: 'acme' },
  'a boolean': { id: true, tenantId: 'acme' },
  'a text for a user': 'admin',
};
const invalid = Object.keys(callers).filter(
  (name) => !['text', 'bigints', 'numbers', 'a bigint as tenant'].includes(name),
);

@Injectable()
class CallerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: unknown }>();
    request.user = callers[String(request.headers['x-caller'])];
    return true;
  }
}

let runs = 0;

@Controller('own')
@UseGuards(CallerGuard)
class OwnRoutes {
  @Get('user')
  @CacheResponse({ scope: 'user' })
  user() {
    return { run: ++runs };
  }

  @Get('tenant')
  @CacheResponse({ scope: 'tenant' })
  tenant(@Req() { user }: Caller) {
    return { run: ++runs, members: Object.keys(user ?? {}) };
  }

  @Get('public')
  @CacheResponse({ scope: 'public' })
  public(@Req() { user }: Caller) {
    return { run: ++runs, user: user ?? null };
  }

  @Get('unscoped')
  @CacheResponse()
  unscoped(@Headers('x-auth') secret: string) {
    return { run: ++runs, secret };
  }
}

describe('the caller of a cached response', () => {
  let app: CacheApp;
  beforeAll(async () => {
    app = await startCacheApp({ controllers: [OwnRoutes], providers: [CallerGuard] });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    runs = 0;
    await app.cache.clear();
  });
  const ask = (path: string, caller: string) => app.http.get(path).set('x-caller', caller).expect(200);

  it.each(invalid.flatMap((name) => ['user', 'tenant'].map((scope) => [scope, name] as const)))(
    'is unknown under the scope %s with %s as id: it is answered by the handler',
    async (scope, name) => {
      await ask(`/own/${scope}`, 'text');
      for (const run of [2, 3]) {
        const answer = await ask(`/own/${scope}`, name);
        expect(answer.body.run).toBe(run);
        expect(answer.headers).toMatchObject({
          'cache-status': 'Larder; fwd=bypass; detail=no-principal',
          'cache-control': 'private, no-cache',
        });
      }
      expect((await ask(`/own/${scope}`, 'text')).body.run).toBe(1);
    },
  );

  it('is known by bigints and safe integers as by their text', async () => {
    expect((await ask('/own/user', 'bigints')).body.run).toBe(1);
    expect((await ask('/own/user', 'numbers')).body.run).toBe(1);
    expect((await ask('/own/user', 'a bigint as tenant')).body.run).toBe(2);
  });

  it('shows the handler no user under public, and only the tenant under tenant', async () => {
    expect((await ask('/own/public', 'text')).body).toEqual({ run: 1, user: null });
    expect((await ask('/own/tenant', 'text')).body).toEqual({ run: 2, members: ['tenantId'] });
  });

  it('is said at the start to be missing where guards are and no scope', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    try {
      const warned = await startCacheApp({ controllers: [OwnRoutes], providers: [CallerGuard] });
      await warned.close();
      const texts = warn.mock.calls.map(([text]) => String(text));
      expect(texts.filter((text) => text.includes('so it is never cached'))).toEqual([
        expect.stringContaining('OwnRoutes@unscoped has guards, but its @CacheResponse has no scope'),
      ]);
    } finally {
      warn.mockRestore();
    }
  });

  it('is never answered from the cache where a guard decides and no scope says whose the response is', async () => {
    for (const secret of ['a', 'b', 'a']) {
      const answer = await app.http.get('/own/unscoped').set('x-auth', secret).expect(200);
      expect(answer.body.secret).toBe(secret);
      expect(answer.headers['cache-status']).toBe('Larder; fwd=bypass; detail=no-scope');
    }
    expect(runs).toBe(3);
  });
});

const context = new AsyncLocalStorage<{ tenant?: unknown }>();
const tenant = () => context.getStore()?.tenant as string | undefined;

@Injectable()
@CacheConfig({ namespace: 'invoices', contextKeys: { tenant } })
class Invoices {
  runs = 0;

  @Cacheable()
  async all() {
    return { of: tenant() ?? null, run: ++this.runs };
  }

  @Cacheable({ key: (id: string) => id })
  async one(id: string) {
    return { id, of: tenant() ?? null, run: ++this.runs };
  }

  @CachePut({ key: (id: string) => id })
  async put(id: string) {
    return { id, of: tenant() ?? null, run: 'put' };
  }

  @CacheEvict({ key: (id: string) => id })
  async remove(_id: string) {}
}

@Controller('context')
@CacheConfig({ varyBy: { tenant } })
class ContextRoutes {
  @Get('class')
  @CacheResponse({ tags: ({ context: { tenant: of } }) => [`of:${of}`] })
  byClass() {
    return { run: ++runs, of: tenant() ?? null };
  }

  @Get('route')
  @CacheResponse({ varyBy: { language: (request) => (request as { language?: string }).language }, maxAge: '1m' })
  byRoute(@Req() request: FastifyRequest & { language?: string }) {
    return { run: ++runs, of: tenant() ?? null, language: request.language ?? null };
  }
}

@Controller('application')
class ApplicationRoutes {
  @Get()
  @CacheResponse()
  read(@Req() request: FastifyRequest & { region?: string }) {
    return { run: ++runs, region: request.region ?? null };
  }
}

describe('values that are named by varyBy and contextKeys', () => {
  let app: CacheApp;
  // The hooks stand for middleware and i18n modules that put their values where no cache can see them.
  const prepare = (nest: CacheApp['nest']) => {
    const fastify = nest.getHttpAdapter().getInstance();
    fastify.addHook('onRequest', (request: FastifyRequest, _reply: unknown, done: () => void) => {
      const { 'x-tenant': of, 'x-language': language, 'x-region': region } = request.headers;
      Object.assign(request, { language, region });
      context.run({ tenant: of === 'invalid' ? { toString: () => 'acme' } : of }, done);
    });
  };

  const ask = (path: string, headers: Record<string, string> = {}) => app.http.get(path).set(headers).expect(200);

  beforeAll(async () => {
    app = await startCacheApp(
      { controllers: [ContextRoutes, ApplicationRoutes], providers: [Invoices] },
      {},
      { http: { varyBy: { region: (request) => (request as { region?: string }).region } }, prepare },
    );
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    runs = 0;
    await app.cache.clear();
  });

  it('give each tenant responses of its own, by the class', async () => {
    for (const [of, run] of [
      ['acme', 1],
      ['globex', 2],
      ['acme', 1],
    ] as const)
      expect((await ask('/context/class', { 'x-tenant': of })).body).toEqual({ run, of });
    expect((await ask('/context/class')).body).toEqual({ run: 3, of: null });
    await app.cache.invalidateTags(['of:acme']);
    expect((await ask('/context/class', { 'x-tenant': 'acme' })).body.run).toBe(4);
    expect((await ask('/context/class', { 'x-tenant': 'globex' })).body.run).toBe(2);
  });

  it('are added to those of the class by the route, and are told to no other cache', async () => {
    const asked = { 'x-tenant': 'acme', 'x-language': 'de' };
    const first = await ask('/context/route', asked);
    expect(first.body).toEqual({ run: 1, of: 'acme', language: 'de' });
    expect(first.headers['cache-control']).toBe('private, max-age=60');
    expect((await ask('/context/route', { ...asked, 'x-language': 'en' })).body.run).toBe(2);
    expect((await ask('/context/route', { ...asked, 'x-tenant': 'globex' })).body.run).toBe(3);
    expect((await ask('/context/route', asked)).body.run).toBe(1);
  });

  it('are those of the application for every route', async () => {
    for (const [region, run] of [
      ['eu', 1],
      ['us', 2],
      ['eu', 1],
    ] as const)
      expect((await ask('/application', { 'x-region': region })).body).toEqual({ run, region });
  });

  it('make a request pass the cache where one is invalid', async () => {
    await ask('/context/class', { 'x-tenant': 'acme' });
    for (const run of [2, 3]) {
      const answer = await ask('/context/class', { 'x-tenant': 'invalid' });
      expect(answer.body.run).toBe(run);
      expect(answer.headers).toMatchObject({
        'cache-status': 'Larder; fwd=bypass; detail=vary-by',
        'cache-control': 'private, no-cache',
      });
    }
  });

  it('are part of the keys of methods, with and without a key function', async () => {
    const invoices = app.get<Invoices>(Invoices);
    invoices.runs = 0;
    const as = <T>(of: unknown, call: () => Promise<T>) => context.run({ tenant: of }, call);
    expect(await as('acme', () => invoices.all())).toEqual({ of: 'acme', run: 1 });
    expect(await as('globex', () => invoices.all())).toEqual({ of: 'globex', run: 2 });
    expect(await as('acme', () => invoices.all())).toEqual({ of: 'acme', run: 1 });
    expect(await as('acme', () => invoices.one('1'))).toMatchObject({ of: 'acme', run: 3 });
    expect(await as('globex', () => invoices.one('1'))).toMatchObject({ of: 'globex', run: 4 });
    await as('globex', () => invoices.remove('1'));
    expect(await as('acme', () => invoices.one('1'))).toMatchObject({ run: 3 });
    expect(await as('globex', () => invoices.one('1'))).toMatchObject({ run: 5 });
    await as('acme', () => invoices.put('1'));
    expect(await as('acme', () => invoices.one('1'))).toMatchObject({ run: 'put' });
    expect(await as('globex', () => invoices.one('1'))).toMatchObject({ run: 5 });
    for (const run of [6, 7]) expect(await as({}, () => invoices.one('1'))).toMatchObject({ run });
    await as({}, () => invoices.put('1'));
    expect(await as('globex', () => invoices.one('1'))).toMatchObject({ run: 5 });
  });
});
