import { Inject, Module, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { systemClock } from '../../common/clock.js';
import {
  type CacheConfigValues,
  cacheConfig,
  engineSettings,
  logRefusals,
  PrincipalResolvers,
} from '../cache/index.js';
import { DATABASE, type Database, type DatabaseConfig, databaseConfig, DatabaseModule } from '../database/index.js';
import {
  createRedisPool,
  type ProtectedData,
  REDIS_POOL,
  type RedisConfig,
  redisConfig,
  type RedisPool,
  redisPoolOptionsOf,
  redisSourceOf,
  UsageWatcher,
} from '../redis/index.js';
import { sessionMigrations } from './database/session-migrations.js';
import { OwnSessionController } from './http/own-session.controller.js';
import { principalOfSession } from './http/principal-of-session.js';
import { hideSession } from './http/request-session.js';
import { SessionAdminController } from './http/session-admin.controller.js';
import { SessionApiKeyGuard } from './http/session-api-key.guard.js';
import { SessionCookie } from './http/session-cookie.js';
import { SessionGuard } from './http/session.guard.js';
import { SessionMiddleware } from './http/session.middleware.js';
import { SessionResolver } from './http/session-resolver.js';
import { createSessionBackend, type SessionBackend } from './session-backend.js';
import { type SessionConfig, sessionConfig } from './session.config.js';
import { SessionService } from './session.service.js';
import {
  SESSION_BACKEND,
  SESSION_REDIS_POOL,
  SESSION_REDIS_USAGE,
  SESSION_STORE,
  SESSION_TOUCHES,
} from './session.tokens.js';
import { SessionEvents } from './session-events.js';
import { TouchThrottle } from './model/touch-throttle.js';

const EVICTED_SESSIONS: ProtectedData = {
  name: 'sessions',
  hasTtl: true,
  consequence:
    'a user whose session it evicts is logged out. Give sessions their own Redis (SESSION_REDIS_URL) with noeviction, or a database (DATABASE_URL).',
};

/** Routes whose bodies hold the data of a session. */
const DATA_ROUTES = new Set(['POST /sessions', 'PATCH /sessions/current']);
const OTHER_MEMBERS_BYTES = 4_096;

/** Sessions: `SessionService` for an application's own login, `SessionGuard` and `@CurrentSession()` for its routes, and REST. */
@Module({
  imports: [DatabaseModule.forFeature(sessionMigrations)],
  controllers: [SessionAdminController, OwnSessionController],
  providers: [
    {
      provide: SESSION_REDIS_POOL,
      useFactory: (
        { redisUrl: url }: SessionConfig,
        redis: RedisConfig,
        shared: RedisPool | null,
      ): RedisPool | null => {
        const source =
          url === undefined ? undefined : redisSourceOf({ ...redis, url, sentinels: [], clusterNodes: [] });
        return source === undefined ? shared : createRedisPool(source, redisPoolOptionsOf(redis));
      },
      inject: [sessionConfig.KEY, redisConfig.KEY, REDIS_POOL],
    },
    {
      provide: SESSION_REDIS_USAGE,
      useFactory: (pool: RedisPool | null, shared: RedisPool | null, redis: RedisConfig, { url }: DatabaseConfig) =>
        // `REDIS_EVICTION_POLICY` and `REDIS_MEMORY_LIMIT` describe the shared Redis, so they do not apply to
        // `SESSION_REDIS_URL`. With a database behind it, the session Redis is only a cache and needs no watcher.
        pool === null || pool === shared || url !== undefined
          ? null
          : new UsageWatcher(
              pool,
              { ...redis, evictionPolicy: undefined, memoryLimitBytes: undefined },
              { name: 'The Redis of sessions', holds: EVICTED_SESSIONS },
            ),
      inject: [SESSION_REDIS_POOL, REDIS_POOL, redisConfig.KEY, databaseConfig.KEY],
    },
    {
      provide: SESSION_BACKEND,
      useFactory: (
        config: SessionConfig,
        cache: CacheConfigValues,
        pool: RedisPool | null,
        { url }: DatabaseConfig,
        database: Database,
        events: SessionEvents,
      ) =>
        createSessionBackend({
          config,
          namespace: `${cache.namespace}.sessions`,
          engine: engineSettings(cache),
          pool,
          database: url === undefined ? null : database,
          events,
        }),
      inject: [sessionConfig.KEY, cacheConfig.KEY, SESSION_REDIS_POOL, databaseConfig.KEY, DATABASE, SessionEvents],
    },
    { provide: SESSION_STORE, useFactory: ({ store }: SessionBackend) => store, inject: [SESSION_BACKEND] },
    {
      provide: SESSION_TOUCHES,
      useFactory: ({ touchIntervalMs, idleTimeoutMs }: SessionConfig) =>
        new TouchThrottle(Math.min(touchIntervalMs, idleTimeoutMs / 4), systemClock),
      inject: [sessionConfig.KEY],
    },
    SessionEvents,
    SessionService,
    SessionCookie,
    SessionResolver,
    SessionGuard,
    SessionMiddleware,
    SessionApiKeyGuard,
  ],
  exports: [
    SESSION_BACKEND,
    SESSION_STORE,
    SessionEvents,
    SessionService,
    SessionCookie,
    SessionResolver,
    SessionGuard,
    SessionMiddleware,
  ],
})
export class SessionModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(SESSION_BACKEND) private readonly backend: SessionBackend,
    @Inject(SESSION_REDIS_POOL) private readonly pool: RedisPool | null,
    @Inject(REDIS_POOL) private readonly shared: RedisPool | null,
    @Inject(databaseConfig.KEY) private readonly database: DatabaseConfig,
    private readonly usage: UsageWatcher,
    { httpAdapter }: HttpAdapterHost,
    @Inject(sessionConfig.KEY) { maxDataBytes }: SessionConfig,
    @Optional() principals?: PrincipalResolvers,
  ) {
    principals?.register(principalOfSession, ({ raw }: FastifyRequest) => hideSession(raw));
    limitBodies(httpAdapter?.getInstance() as FastifyInstance | undefined, maxDataBytes);
  }

  onModuleInit(): void {
    if (this.backend.cache !== null) logRefusals(this.backend.cache);
    const isShared = this.pool !== null && this.pool === this.shared;
    if (!isShared || this.database.url !== undefined) return;
    this.usage.protect(EVICTED_SESSIONS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.close();
    if (this.pool !== this.shared) await this.pool?.close();
  }
}

/**
 * Bodies with session data may be as large as the data allows. JSON in ASCII takes up to three times the bytes. Express has
 * no limits per route.
 */
function limitBodies(server: FastifyInstance | undefined, maxDataBytes: number): void {
  if (server === undefined || !('addHook' in server)) return;
  server.addHook('onRoute', (route) => {
    if (DATA_ROUTES.has(`${String(route.method)} ${route.url}`))
      route.bodyLimit = 3 * maxDataBytes + OTHER_MEMBERS_BYTES;
  });
}
