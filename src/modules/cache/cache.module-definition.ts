import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheOptions } from './create-cache.options.js';

/** Options of `CacheModule.forRoot()`. The default of each is its value in the configuration. */
export interface CacheModuleOptions extends Omit<CacheOptions, 'redis' | 'announcements'> {
  /** A Redis for the cache alone instead of the application's; see `createCache`. */
  redis?: CacheOptions['redis'];
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<CacheModuleOptions>({ moduleName: 'LarderCache' })
    .setClassMethodName('forRoot')
    .build();
