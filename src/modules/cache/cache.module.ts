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
import { RedisSourceModule, type RedisSourceOptions } from '../redis/index.js';
import { CacheBindingOrchestrator } from './binding/cache-binding.orchestrator.js';
import { CachedMethodExplorer } from './binding/cached-method.explorer.js';
import { CachedMethodFactory } from './binding/cached-method.factory.js';
import { EnhancerFinder } from './binding/enhancer-finder.js';
import { InstanceBinder } from './binding/instance.binder.js';
import type {
  CacheFeature,
  CacheModuleAsyncOptions,
  CacheModuleExtras,
  CacheModuleOptions,
} from './cache.module-options.js';
import { CACHE_MODULE_OPTIONS, CacheOptionsModule } from './cache-options.module.js';
import { cacheProvider } from './cache.provider.js';
import { CacheRegistry } from './cache-registry.js';
import { cacheSettingsProvider } from './cache.settings.js';
import { CACHE } from './cache.tokens.js';
import type { Cache } from './engine/contract/cache.js';
import { RouteRegistrar } from './http/route-registrar.js';
import { PrincipalResolvers } from './http/principal-resolvers.js';
import { ResponseCacheHandler } from './http/response-cache-handler.js';
import { UnreadableResponses } from './http/unreadable-responses.js';
import { UnsafeRequestInvalidation } from './http/unsafe-request-invalidation.js';
import { FeatureCacheModule, NamedCacheModule } from './named-cache.module.js';

/**
 * Provides {@link CACHE} everywhere and makes the caching decorators work, on providers and controllers alike. Import it
 * once, in the root module. Further caches have names.
 *
 * @example
 * imports: [CacheModule.forRoot({ namespace: 'shop', redis: process.env.REDIS_URL })]
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    cacheSettingsProvider,
    cacheProvider(CACHE),
    CacheRegistry,
    CacheBindingOrchestrator,
    CachedMethodExplorer,
    CachedMethodFactory,
    EnhancerFinder,
    RouteRegistrar,
    InstanceBinder,
    PrincipalResolvers,
    ResponseCacheHandler,
    UnreadableResponses,
    UnsafeRequestInvalidation,
  ],
  exports: [CACHE, CacheRegistry, PrincipalResolvers, UnreadableResponses],
})
export class CacheModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  /** @internal */
  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    private readonly bindings: CacheBindingOrchestrator,
  ) {}

  /** The application's cache; with a `name`, a further cache. */
  static forRoot({ name, ...options }: CacheModuleOptions & CacheModuleExtras = {}): DynamicModule {
    return moduleOf(name, CacheOptionsModule.forOptions(options), options.redis !== undefined);
  }

  /** As {@link forRoot}, with options that a factory makes. */
  static forRootAsync(options: CacheModuleAsyncOptions): DynamicModule {
    return moduleOf(options.name, CacheOptionsModule.forAsyncOptions(options), true);
  }

  /**
   * Caches below another one, injected by their names. They share tiers and connections with it, and are cleared with it.
   *
   * @example
   * imports: [CacheModule.forFeature([{ name: 'products', ttlMs: 60_000 }])]
   */
  static forFeature(features: readonly CacheFeature[]): DynamicModule {
    return FeatureCacheModule.forFeatures(features);
  }

  /** The only hook Nest calls after all objects exist and before routes are bound, so that routes call the cached methods. */
  configure(_consumer: MiddlewareConsumer): void {
    this.bindings.bind();
  }

  /** For applications without HTTP, where Nest does not call configure(). Global modules come first here. */
  onModuleInit(): void {
    this.bindings.bind();
    this.bindings.bindMiddleware();
  }

  async onApplicationShutdown(): Promise<void> {
    this.bindings.release();
    await this.cache.close();
  }
}

/** @param mayHaveRedis true if the options have a Redis, or may have one. */
function moduleOf(name: string | undefined, options: DynamicModule, mayHaveRedis: boolean): DynamicModule {
  const redis = RedisSourceModule.forFactory({
    imports: [options],
    isGlobal: name === undefined,
    optionsToken: CACHE_MODULE_OPTIONS,
    namespaceOf: ({ namespace }: RedisSourceOptions & CacheModuleOptions) => namespace,
  });
  const imports = mayHaveRedis ? [options, redis] : [options];
  if (name !== undefined) return NamedCacheModule.forName(name, imports);
  return { module: CacheModule, global: true, imports };
}
