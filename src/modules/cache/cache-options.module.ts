import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { CacheModuleAsyncOptions, CacheModuleOptions, CacheOptionsFactory } from './cache.module-options.js';

/** The options that `CacheModule` was given. */
export const CACHE_MODULE_OPTIONS = Symbol.for('larder:cache:module-options');

/** Provides {@link CACHE_MODULE_OPTIONS} to the modules that import it: that of the cache, and that of its Redis. */
@Module({})
export class CacheOptionsModule {
  static forOptions(options: CacheModuleOptions): DynamicModule {
    return {
      module: CacheOptionsModule,
      providers: [{ provide: CACHE_MODULE_OPTIONS, useValue: options }],
      exports: [CACHE_MODULE_OPTIONS],
    };
  }

  /** @throws TypeError without a source of options. */
  static forAsyncOptions(options: CacheModuleAsyncOptions): DynamicModule {
    return {
      module: CacheOptionsModule,
      imports: options.imports ?? [],
      providers: providersOf(options),
      exports: [CACHE_MODULE_OPTIONS],
    };
  }
}

function providersOf({ inject, useFactory, useClass, useExisting }: CacheModuleAsyncOptions): Provider[] {
  if (useFactory) return [{ provide: CACHE_MODULE_OPTIONS, useFactory, inject: inject ?? [] }];
  const factory = useExisting ?? useClass;
  if (!factory) throw new TypeError('CacheModule.forRootAsync() needs useFactory, useClass or useExisting.');
  const options: Provider = {
    provide: CACHE_MODULE_OPTIONS,
    useFactory: (maker: CacheOptionsFactory) => maker.createCacheOptions(),
    inject: [factory],
  };
  return useClass ? [useClass, options] : [options];
}
