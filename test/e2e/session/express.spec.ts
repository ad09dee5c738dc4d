import {
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import supertest from 'supertest';
import { configSections } from '../../../src/app.config.js';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { HttpModule } from '../../../src/common/http/http.module.js';
import { DatabaseModule } from '../../../src/modules/database/index.js';
import { RedisModule } from '../../../src/modules/redis/index.js';
import {
  CurrentSession,
  type Session,
  SessionCookie,
  SessionGuard,
  SessionMiddleware,
  SessionModule,
  SessionService,
} from '../../../src/modules/session/index.js';
import { cookieOf } from './clients.js';

interface ExpressResponse {
  header(name: string, value: string): unknown;
  append(name: string, value: string): unknown;
}

@Controller()
class ShopController {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
  ) {}

  @Post('login')
  async login(@Res({ passthrough: true }) response: ExpressResponse): Promise<void> {
    response.append('set-cookie', 'theme=dark');
    this.cookie.set(response, await this.sessions.create({ userId: 'ada' }));
  }

  @Post('logout')
  @UseGuards(SessionGuard)
  async logout(@CurrentSession('id') id: string, @Res({ passthrough: true }) response: ExpressResponse): Promise<void> {
    await this.sessions.revoke(id);
    this.cookie.clear(response);
  }

  @Get('greeting')
  greeting(@CurrentSession('userId') userId: string | null | undefined): string {
    return `hello ${userId ?? 'stranger'}`;
  }

  @UseGuards(SessionGuard)
  @Get('me')
  me(@CurrentSession() session: Session): Session {
    return session;
  }
}

@Module({ imports: [SessionModule], controllers: [ShopController] })
class ShopModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SessionMiddleware).forRoutes('greeting');
  }
}

describe('sessions in an application on Express', () => {
  let app: NestExpressApplication;
  let http: ReturnType<typeof supertest>;
  beforeAll(async () => {
    const imports = [AppConfigModule.forRoot({}, configSections), HttpModule, RedisModule, DatabaseModule, ShopModule];
    const testing = await Test.createTestingModule({ imports }).compile();
    app = testing.createNestApplication<NestExpressApplication>(new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    http = supertest(await app.getUrl());
  });
  afterAll(() => app.close());

  const logIn = async () => {
    const reply = await http.post('/login').expect(201);
    const [theme, session] = reply.get('Set-Cookie')!;
    expect(theme).toBe('theme=dark');
    expect(session).toMatch(/^__Host-sid=ls_[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    expect(reply.headers['cache-control']).toBe('no-store');
    return { cookie: session!.split(';')[0]! };
  };

  it('pass the guard with the cookie or the token, and show device and address', async () => {
    const { cookie } = await logIn();
    await http.get('/me').expect(401);
    const { body } = await http.get('/me').set({ cookie, 'user-agent': 'Phone/1' }).expect(200);
    expect(body).toMatchObject({ userId: 'ada', client: { address: '127.0.0.1', userAgent: 'Phone/1' } });
    await http
      .get('/me')
      .set('authorization', `Bearer ${cookie.split('=')[1]}`)
      .expect(200);
  });

  it('are found by the middleware on routes that work without one', async () => {
    await http.get('/greeting').expect(200, 'hello stranger');
    await http
      .get('/greeting')
      .set(await logIn())
      .expect(200, 'hello ada');
  });

  it('end, and the browser forgets the cookie; a page of another site ends none', async () => {
    const headers = await logIn();
    await http
      .post('/logout')
      .set({ ...headers, 'sec-fetch-site': 'cross-site' })
      .expect(403);
    const reply = await http.post('/logout').set(headers).expect(201);
    expect(cookieOf(reply)).toEqual({ cookie: '__Host-sid=' });
    await http.get('/me').set(headers).expect(401);
  });
});
