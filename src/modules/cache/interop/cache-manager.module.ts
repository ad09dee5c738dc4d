import { Module } from '@nestjs/common';
import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Keyv } from 'keyv';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { createCache } from '../create-cache.js';
import { CacheManagerStore } from './cache-manager.store.js';
import { fromSafeString, toSafeString } from './safe-string.js';

/** Size of the memory that replaces Redis while it is away. */
const MEMORY_BYTES = 16 * 2 ** 20;

/**
 * For code written for `@nestjs/cache-manager`: `CACHE_MANAGER`, `CacheInterceptor` and `@CacheTTL` over
 * cache-manager-ioredis-yet, on the application's pooled connections. New code should inject `CACHE`: `CACHE_MANAGER` has
 * neither tags nor the promise about invalidations.
 *
 * Values pass through the engine's codec (dates, maps and typed arrays survive). A foreign value under the same key is a
 * miss and is never parsed or run.
 */
@Module({
  imports: [
    NestCacheModule.registerAsync({
      isGlobal: true,
      inject: [cacheConfig.KEY, { token: REDIS_POOL, optional: true }],
      useFactory: (config: CacheConfigValues, pool: RedisPool | null | undefined) => {
        const memory = createCache({ namespace: 'cache-manager', memory: { maxBytes: MEMORY_BYTES } });
        const keyv = new Keyv({
          store: new CacheManagerStore(pool ?? null, memory, `${config.namespace}:cache-manager:`),
          useKeyPrefix: false,
          serialize: (data) => toSafeString(data, config.maxValueBytes) as string,
          deserialize: (text) => fromSafeString(text) as never,
        });
        return { stores: [keyv], ttl: config.ttlMs };
      },
    }),
  ],
})
export class CacheManagerModule {}
