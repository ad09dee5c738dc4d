import type { FactoryProvider } from '@nestjs/common';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
import type { CacheSettings } from './cache.settings.js';
import { ANNOUNCEMENTS, type Announcements, CACHE, CACHE_SETTINGS } from './cache.tokens.js';
import { createCache } from './create-cache.js';
import type { Cache } from './engine/contract/cache.js';
import { logRefusals } from './refusal.logger.js';

/** Makes the cache of a module from its settings, on the Redis that the module sees. */
export function cacheProvider(name: symbol): FactoryProvider<Cache> {
  return {
    provide: name,
    useFactory: (
      { engine }: CacheSettings,
      pool: RedisPool | null | undefined,
      announcements: Announcements | undefined,
    ) => {
      const cache = createCache({
        ...engine,
        redis: pool ?? undefined,
        // The invalidation module delivers the channel of the application's cache alone.
        announcements: (name === CACHE ? announcements : undefined) ?? undefined,
      });
      logRefusals(cache);
      return cache;
    },
    inject: [CACHE_SETTINGS, { token: REDIS_POOL, optional: true }, { token: ANNOUNCEMENTS, optional: true }],
  };
}
