import { Controller, Get, Module, Post, Res, UseGuards, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import supertest from 'supertest';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { httpConfig } from '../../../src/common/http/http.config.js';
import { HttpModule } from '../../../src/common/http/http.module.js';
import { CurrentSession, type Session, SessionCookie, sessionConfig, SessionGuard, SessionMiddleware, SessionModule, SessionService } from '../../../src/modules/session/index.js';

/** An application with a login of its own, as one that uses the module would have it. */
@Controller()
class ShopController {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
  ) {}

  @Post('visit')
  async visit(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    this.cookie.set(reply, await this.sessions.create({ data: { cart: ['tea'] } }));
  }

  @Post('login')
  async login(@CurrentSession() session: Session | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const userId = 'ada';
    const issued = (session && (await this.sessions.logIn(session.id, userId))) ?? (await this.sessions.create({ userId }));
    this.cookie.set(reply, issued);
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
    consumer.apply(SessionMiddleware).forRoutes('login', 'greeting', 'visit');
  }
}

export async function startShop(env: NodeJS.ProcessEnv = {}) {
  const testing = await Test.createTestingModule({ imports: [AppConfigModule.forRoot(env, [httpConfig, sessionConfig]), HttpModule, ShopModule] }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, http: supertest(url), close: () => app.close() };
}
