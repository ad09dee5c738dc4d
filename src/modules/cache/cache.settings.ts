import type { FactoryProvider } from '@nestjs/common';
import { type CacheConfigValues, cacheConfig } from './cache.config.js';
import type { CacheModuleOptions, ResponseCacheOptions } from './cache.module-options.js';
import { CACHE_MODULE_OPTIONS } from './cache-options.module.js';
import { CACHE_SETTINGS } from './cache.tokens.js';
import type { CacheOptions } from './create-cache.options.js';
import { engineSettings } from './engine-settings.js';
import type { ContextKeys } from './decorators/context-values.js';

/** Settings of one `CacheModule`, complete. */
export interface CacheSettings {
  readonly engine: Omit<CacheOptions, 'redis' | 'announcements'>;
  readonly http: Required<ResponseCacheOptions>;
  readonly contextKeys: ContextKeys;
}

/** Provides {@link CACHE_SETTINGS}: the module's options over the application's configuration over the defaults. */
export const cacheSettingsProvider: FactoryProvider<CacheSettings> = {
  provide: CACHE_SETTINGS,
  useFactory: (options: CacheModuleOptions, config: CacheConfigValues | undefined) =>
    settingsOf(options, config ?? cacheConfig.parse({})),
  inject: [CACHE_MODULE_OPTIONS, { token: cacheConfig.KEY, optional: true }],
};

/** The options of `CacheModule.forRoot()` that a configuration gives, without its Redis. */
export function optionsOfConfig(config: CacheConfigValues): CacheModuleOptions {
  const { memoryMaxBytes, memoryMaxTtlMs } = config;
  const { namespace, ttlMs, graceMs, jitter, maxValueBytes, compressAboveBytes, maxConcurrentLoads } = config;
  return {
    ...{ namespace, ttlMs, graceMs, jitter, maxValueBytes, compressAboveBytes, maxConcurrentLoads },
    ...engineSettings(config),
    memory: memoryMaxBytes > 0 && { maxBytes: memoryMaxBytes, maxTtlMs: memoryMaxTtlMs },
    http: { credentialHeaders: config.httpCredentialHeaders, clientControl: config.httpClientControl },
  };
}

function settingsOf(options: CacheModuleOptions, config: CacheConfigValues): CacheSettings {
  const { http, contextKeys = {}, redis: _redis, redisPool: _redisPool, ...engine } = options;
  const { http: httpOfConfig, ...engineOfConfig } = optionsOfConfig(config);
  return {
    engine: { ...engineOfConfig, ...engine },
    http: {
      credentialHeaders: (http?.credentialHeaders ?? httpOfConfig!.credentialHeaders!).map((name) =>
        name.toLowerCase(),
      ),
      clientControl: http?.clientControl ?? httpOfConfig!.clientControl!,
      varyBy: http?.varyBy ?? {},
    },
    contextKeys,
  };
}
