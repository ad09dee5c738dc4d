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
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import supertest from 'supertest';
import { configSections } from '../../../src/app.config.js';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { HttpModule } from '../../../src/common/http/http.module.js';
import { DatabaseModule } from '../../../src/modules/database/index.js';
import { TEST_TOKEN } from '../../support/test-token.js';
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
  async login(
    @CurrentSession() session: Session | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const userId = 'ada';
    const issued =
      (session && (await this.sessions.logIn(session.id, userId))) ?? (await this.sessions.create({ userId }));
    this.cookie.set(reply, issued);
  }

  @Get('greeting')
  greeting(@CurrentSession('userId') userId: string | null | undefined): string {
    return `hello ${userId ?? 'stranger'}`;
  }

  @Post('greeting')
  greet(@CurrentSession('userId') userId: string | null | undefined): string {
    return this.greeting(userId);
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
    consumer.apply(SessionMiddleware).forRoutes('login', 'greeting');
  }
}

/** A running {@link ShopController}. */
export interface Shop {
  readonly url: string;
  readonly http: ReturnType<typeof supertest>;
  close(): Promise<void>;
}

/** Starts the shop on a free loopback port. */
export async function startShop(env: NodeJS.ProcessEnv = {}): Promise<Shop> {
  const imports = [
    AppConfigModule.forRoot({ LARDER_TOKEN: TEST_TOKEN, ...env }, configSections),
    HttpModule,
    RedisModule,
    DatabaseModule,
    ShopModule,
  ];
  const testing = await Test.createTestingModule({ imports }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { url, http: supertest(url), close: () => app.close() };
}
