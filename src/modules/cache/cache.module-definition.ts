import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheOptions } from './create-cache.options.js';

/** Options of `CacheModule.forRoot()`; what is left out comes from the configuration. */
export interface CacheModuleOptions extends Omit<CacheOptions, 'redis' | 'announcements'> {
  /** Redis of its own instead of the application's; see `createCache`. */
  redis?: CacheOptions['redis'];
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<CacheModuleOptions>({ moduleName: 'LarderCache' })
    .setClassMethodName('forRoot')
    .build();
