import {
  type DynamicModule,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
import { CacheBindingOrchestrator } from './binding/cache-binding.orchestrator.js';
import { CachedMethodExplorer } from './binding/cached-method.explorer.js';
import { CachedMethodFactory } from './binding/cached-method.factory.js';
import { InstanceBinder } from './binding/instance.binder.js';
import { type CacheConfigValues, cacheConfig } from './cache.config.js';
import {
  type ASYNC_OPTIONS_TYPE,
  type CacheModuleOptions,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './cache.module-definition.js';
import { ANNOUNCEMENTS, type Announcements, CACHE } from './cache.tokens.js';
import type { Cache } from './engine/contract/cache.js';
import { createCache } from './create-cache.js';
import type { CacheOptions } from './create-cache.options.js';
import { RouteRegistrar } from './http/route-registrar.js';
import { PrincipalResolvers } from './http/principal-resolvers.js';
import { ResponseCacheHandler } from './http/response-cache-handler.js';

/**
 * Provides {@link CACHE} everywhere and makes the caching decorators work, on providers and controllers alike. Import it
 * once, in the root module.
 *
 * @example
 * imports: [CacheModule.forRoot()]
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: CACHE,
      useFactory: (
        options: CacheModuleOptions,
        config: CacheConfigValues,
        pool: RedisPool | null | undefined,
        announcements: Announcements | undefined,
      ) =>
        createCache({
          ...fromConfig(config),
          redis: pool ?? undefined,
          announcements: announcements ?? undefined,
          ...options,
        }),
      inject: [
        MODULE_OPTIONS_TOKEN,
        cacheConfig.KEY,
        { token: REDIS_POOL, optional: true },
        { token: ANNOUNCEMENTS, optional: true },
      ],
    },
    CacheBindingOrchestrator,
    CachedMethodExplorer,
    CachedMethodFactory,
    RouteRegistrar,
    InstanceBinder,
    PrincipalResolvers,
    ResponseCacheHandler,
  ],
  exports: [CACHE, PrincipalResolvers],
})
export class CacheModule extends ConfigurableModuleClass implements NestModule, OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    private readonly bindings: CacheBindingOrchestrator,
  ) {
    super();
  }

  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return { ...super.forRoot(options), global: true };
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return { ...super.forRootAsync(options), global: true };
  }

  /** The only hook Nest calls after all objects exist and before routes are bound, so that routes call the cached methods. */
  configure(_consumer: MiddlewareConsumer): void {
    this.bindings.bind();
  }

  /** For applications without HTTP, where Nest does not call configure(). Global modules come first here. */
  onModuleInit(): void {
    this.bindings.bind();
  }

  async onApplicationShutdown(): Promise<void> {
    this.bindings.release();
    await this.cache.close();
  }
}

function fromConfig(config: CacheConfigValues): CacheOptions {
  const { memoryMaxBytes, memoryMaxTtlMs, heartbeatMs, unconfirmedMs, logLength, outboxMaxItems, outboxFile } = config;
  const { namespace, ttlMs, graceMs, jitter, maxValueBytes, compressAboveBytes, maxConcurrentLoads, partitions } =
    config;
  return {
    ...{ namespace, ttlMs, graceMs, jitter, maxValueBytes, compressAboveBytes, maxConcurrentLoads, partitions },
    memory: memoryMaxBytes > 0 && { maxBytes: memoryMaxBytes, maxTtlMs: memoryMaxTtlMs },
    coherence: { heartbeatMs, unconfirmedMs, logLength },
    outbox: { maxItems: outboxMaxItems, file: outboxFile },
  };
}
