import { Controller, Get, type MiddlewareConsumer, Module, type NestModule, UseGuards } from '@nestjs/common';
import { CACHE_PRINCIPAL, CacheResponse } from '../../../src/modules/cache/index.js';
import { DatabaseModule } from '../../../src/modules/database/index.js';
import {
  CurrentSession,
  type Session,
  SessionGuard,
  SessionMiddleware,
  SessionModule,
  SessionService,
} from '../../../src/modules/session/index.js';
import { type CacheApp, startCacheApp } from '../../support/cache-app.js';

let runs = 0;

@Controller('account')
class AccountController {
  @Get('guarded')
  @UseGuards(SessionGuard)
  @CacheResponse({ ttl: '1m', scope: 'user' })
  guarded(@CurrentSession('userId') userId: string | null) {
    return { userId, run: ++runs };
  }

  @Get('unscoped')
  @UseGuards(SessionGuard)
  @CacheResponse({ ttl: '1m' })
  unscoped(@CurrentSession('userId') userId: string | null) {
    return { userId, run: ++runs };
  }

  @Get('open')
  @CacheResponse({ ttl: '1m', scope: 'user' })
  open(@CurrentSession() session: Session | undefined) {
    return { userId: session?.userId ?? null, run: ++runs };
  }
}

@Module({ imports: [DatabaseModule, SessionModule], controllers: [AccountController] })
class AccountModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SessionMiddleware).forRoutes('account/open');
  }
}

describe('cached responses of a caller with a session', () => {
  let app: CacheApp;
  let sessions: SessionService;
  beforeAll(async () => {
    app = await startCacheApp({ imports: [AccountModule] });
    sessions = app.get<SessionService>(SessionService);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.cache.clear();
    runs = 0;
  });

  const ask = (path: string, token: string) => app.http.get(path).set('cookie', `__Host-sid=${token}`);
  const hit = expect.stringContaining('; hit');

  it.each(['/account/guarded', '/account/open'])('are each user’s own, with nothing configured: %s', async (path) => {
    const [ada, again, bob] = await Promise.all(['ada', 'ada', 'bob'].map((userId) => sessions.create({ userId })));
    await ask(path, ada!.token).expect(200, { userId: 'ada', run: 1 });
    const second = await ask(path, again!.token).expect(200, { userId: 'ada', run: 1 });
    expect(second.headers).toMatchObject({ 'cache-status': hit, 'cache-control': 'private, no-cache' });
    await ask(path, bob!.token).expect(200, { userId: 'bob', run: 2 });
  });

  it.each(['/account/guarded', '/account/open'])('are not stored before the login: %s', async (path) => {
    for (const run of [1, 2]) {
      const { token } = await sessions.create({ data: { cart: ['tea'] } });
      await ask(path, token)
        .expect(200, { userId: null, run })
        .expect('cache-status', /no-principal/);
    }
  });

  it('are not stored where no scope says whose they are', async () => {
    const [ada, bob] = await Promise.all(['ada', 'bob'].map((userId) => sessions.create({ userId })));
    for (const { token } of [ada!, bob!]) await ask('/account/unscoped', token).expect('cache-status', /no-scope/);
    expect(runs).toBe(2);
  });

  it('belong to users by the text of their id, as sessions do', async () => {
    const { token } = await sessions.create({ userId: 7 });
    await ask('/account/guarded', token).expect(200, { userId: '7', run: 1 });
    expect(await sessions.listByUser(7n)).toHaveLength(1);
    for (const userId of ['', Number.NaN, 2 ** 53, { toString: () => '7' } as unknown as string]) {
      await expect(sessions.create({ userId })).rejects.toThrow('A user id must be');
      await expect(sessions.listByUser(userId)).rejects.toThrow(TypeError);
      await expect(sessions.revokeByUser(userId)).rejects.toThrow(TypeError);
    }
    expect(await sessions.revokeByUser(7)).toMatchObject({ count: 1 });
  });

  it('are not given to a session that has ended', async () => {
    const { token, session } = await sessions.create({ userId: 'ada' });
    for (const run of [1, 1]) await ask('/account/guarded', token).expect(200, { userId: 'ada', run });
    await sessions.revoke(session.id);
    await ask('/account/guarded', token).expect(401);
  });

  it('are whose the application says, where it says so itself', async () => {
    const own = await startCacheApp({
      imports: [
        {
          module: class Principals {
            readonly isTest = true;
          },
          global: true,
          providers: [{ provide: CACHE_PRINCIPAL, useValue: () => ({ userId: 'everybody' }) }],
          exports: [CACHE_PRINCIPAL],
        },
        AccountModule,
      ],
    });
    const service = own.get<SessionService>(SessionService);
    const [ada, bob] = await Promise.all(['ada', 'bob'].map((userId) => service.create({ userId })));
    for (const { token } of [ada!, bob!])
      await own.http
        .get('/account/guarded')
        .set('cookie', `__Host-sid=${token}`)
        .expect(200, { userId: 'ada', run: 1 });
    await own.close();
  });
});
