import { Module } from '@nestjs/common';
import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Keyv } from 'keyv';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { createCache } from '../create-cache.js';
import { CacheManagerStore } from './cache-manager.store.js';
import { fromInertText, toInertText } from './inert-text.js';

/** Memory that stands in for Redis. */
const MEMORY_BYTES = 16 * 2 ** 20;

/**
 * For code written for `@nestjs/cache-manager`: `CACHE_MANAGER`, `CacheInterceptor` and `@CacheTTL` over
 * cache-manager-ioredis-yet, on the application's pooled connections. New code injects `CACHE`: this one has neither tags
 * nor the promise about invalidations.
 *
 * Values survive as the engine's codec keeps them (dates, maps, typed arrays too). What was stored by something else
 * under the same keys is a miss, never code.
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
          serialize: (data) => toInertText(data, config.maxValueBytes) as string,
          deserialize: (text) => fromInertText(text) as never,
        });
        return { stores: [keyv], ttl: config.ttlMs };
      },
    }),
  ],
})
export class CacheManagerModule {}
