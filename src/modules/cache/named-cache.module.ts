import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { CacheFeature } from './cache.module-options.js';
import { cacheProvider } from './cache.provider.js';
import { cacheSettingsProvider } from './cache.settings.js';
import { CACHE, getCacheToken } from './cache.tokens.js';
import type { Cache } from './engine/contract/cache.js';

/** Token of the cache that a {@link NamedCacheModule} made and closes. */
const OWN_CACHE = Symbol.for('larder:cache:own');

/** A further cache of an application, with its own namespace and Redis. Decorators are bound by `CacheModule` alone. */
@Module({})
export class NamedCacheModule implements OnApplicationShutdown {
  constructor(private readonly modules: ModuleRef) {}

  /** @param imports the modules of its options and of its Redis. */
  static forName(name: string, imports: DynamicModule[]): DynamicModule {
    const token = getCacheToken(name);
    return {
      module: NamedCacheModule,
      global: true,
      imports,
      providers: [cacheSettingsProvider, cacheProvider(token), { provide: OWN_CACHE, useExisting: token }],
      exports: [token],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.modules.get<Cache>(OWN_CACHE).close();
  }
}

/** Provides caches below other caches. They close with those. */
@Module({})
export class FeatureCacheModule {
  static forFeatures(features: readonly CacheFeature[]): DynamicModule {
    const providers = features.map(({ name, of, ...defaults }) => ({
      provide: getCacheToken(name),
      useFactory: (parent: Cache) => parent.namespace(name, defaults),
      inject: [of === undefined ? CACHE : getCacheToken(of)],
    }));
    return { module: FeatureCacheModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
