import { Module } from '@nestjs/common';
import { systemClock } from '../../common/clock.js';
import { OwnSessionController } from './http/own-session.controller.js';
import { SessionAdminController } from './http/session-admin.controller.js';
import { SessionApiKeyGuard } from './http/session-api-key.guard.js';
import { SessionCookie } from './http/session-cookie.js';
import { SessionGuard } from './http/session.guard.js';
import { SessionMiddleware } from './http/session.middleware.js';
import { SessionResolver } from './http/session-resolver.js';
import { type SessionConfig, sessionConfig } from './session.config.js';
import { SessionService } from './session.service.js';
import { SESSION_STORE, SESSION_TOUCHES } from './session.tokens.js';
import { MemorySessionStore } from './stores/memory.session-store.js';
import { TouchThrottle } from './touch-throttle.js';

/** Sessions: `SessionService` for an application's own login, `SessionGuard` and `@CurrentSession()` for its routes, and REST. */
@Module({
  controllers: [SessionAdminController, OwnSessionController],
  providers: [
    {
      provide: SESSION_STORE,
      useFactory: (config: SessionConfig) => new MemorySessionStore(config, { maxBytes: config.memoryBytes, clock: systemClock }),
      inject: [sessionConfig.KEY],
    },
    {
      provide: SESSION_TOUCHES,
      useFactory: ({ touchIntervalMs }: SessionConfig) => new TouchThrottle(touchIntervalMs, systemClock),
      inject: [sessionConfig.KEY],
    },
    SessionService,
    SessionCookie,
    SessionResolver,
    SessionGuard,
    SessionMiddleware,
    SessionApiKeyGuard,
  ],
  exports: [SESSION_STORE, SessionService, SessionCookie, SessionResolver, SessionGuard, SessionMiddleware],
})
export class SessionModule {}
