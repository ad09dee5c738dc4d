import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import type { RedisPoolOptions } from '../redis/library.js';
import type { CacheOptions } from './create-cache.options.js';
import type { ClientDirective } from './decorators/cache-response.options.js';
import type { ContextKeys, VaryBy } from './decorators/context-values.js';
import type { NamespaceOptions } from './engine/contract/cache.js';

/** Options of `CacheModule.forRoot()`. The default of each is its value in the configuration; without one, its default there. */
export interface CacheModuleOptions extends Omit<CacheOptions, 'announcements'> {
  /**
   * Redis: a URL, ioredis options, nodes of a Cluster, an ioredis client or a pool (both are used and never closed). Default:
   * the Redis of `RedisModule`, if the application has one; else memory only.
   */
  redis?: CacheOptions['redis'];
  /** Settings of the connections that are made for `redis`. */
  redisPool?: RedisPoolOptions;
  /** Settings of all routes with `@CacheResponse`. */
  http?: ResponseCacheOptions;
  /** Values that decide the results of every `@Cacheable` method of the application; see there. Default none. */
  contextKeys?: ContextKeys;
}

/** Settings of all routes with `@CacheResponse`. */
export interface ResponseCacheOptions {
  /** Request headers that contain credentials. Default: those of `CACHE_HTTP_CREDENTIAL_HEADERS`. */
  credentialHeaders?: readonly string[];
  /** Directives of a client's `Cache-Control` that routes obey. Default `only-if-cached`. */
  clientControl?: readonly ClientDirective[];
  /** Values that decide the responses of every route; see `@CacheResponse`. Default none. */
  varyBy?: VaryBy;
}

/** What both forms of `forRoot` say in the module's metadata, because names of caches are injection tokens. */
export interface CacheModuleExtras {
  /**
   * Name of a further cache, with its own namespace and Redis: `@InjectCache(name)` injects it, and the option `cache` of a
   * decorator chooses it. Default: the application's cache, which `@InjectCache()` injects.
   */
  name?: string;
}

/** Makes the options of a cache. */
export interface CacheOptionsFactory {
  createCacheOptions(): CacheModuleOptions | Promise<CacheModuleOptions>;
}

/** Options of `CacheModule.forRootAsync()`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface CacheModuleAsyncOptions extends CacheModuleExtras, Pick<ModuleMetadata, 'imports'> {
  inject?: FactoryProvider['inject'];
  // oxlint-disable-next-line typescript/no-explicit-any -- the arguments are what `inject` names
  useFactory?: (...dependencies: any[]) => CacheModuleOptions | Promise<CacheModuleOptions>;
  useClass?: Type<CacheOptionsFactory>;
  useExisting?: Type<CacheOptionsFactory>;
}

/** A cache below another one, for one part of an application. */
export interface CacheFeature extends NamespaceOptions {
  /** Name for `@InjectCache(name)`, and the namespace below the other cache. Letters, digits, `.`, `_`, `-`. */
  name: string;
  /** Name of the cache it lies below. Default: the application's cache. */
  of?: string;
}
