import { Module } from '@nestjs/common';
import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Keyv } from 'keyv';
import { REDIS_POOL, type RedisPool } from '../../redis/index.js';
import { type CacheConfigValues, cacheConfig } from '../cache.config.js';
import { CACHE } from '../cache.tokens.js';
import { createCache } from '../create-cache.js';
import type { Cache } from '../engine/contract/cache.js';
import { createKeyv } from './create-keyv.js';
import { CacheManagerStore } from './cache-manager.store.js';
import { fromSafeString, toSafeString } from './safe-string.js';

/** Size of the memory that replaces Redis while it is away, and of that in front of it. */
const MEMORY_BYTES = 16 * 2 ** 20;

/**
 * For code written for `@nestjs/cache-manager`: `CACHE_MANAGER`, `CacheInterceptor` and `@CacheTTL` over
 * cache-manager-ioredis-yet, on the application's pooled connections, or over the engine (`CACHE_MANAGER_STORE=engine`), which
 * gives it a memory tier and the promise about invalidations. New code should inject `CACHE`, which has tags too.
 *
 * Values pass through the engine's codec (dates, maps and typed arrays survive). A foreign value under the same key is a
 * miss and is never parsed or run.
 */
@Module({
  imports: [
    NestCacheModule.registerAsync({
      isGlobal: true,
      inject: [cacheConfig.KEY, { token: REDIS_POOL, optional: true }, { token: CACHE, optional: true }],
      useFactory: (config: CacheConfigValues, pool: RedisPool | null | undefined, cache: Cache | undefined) => ({
        stores: config.managerStores.map((name) =>
          name === 'engine' ? createKeyv(engineOf(cache)) : makeIoredisYet(config, pool ?? null),
        ),
        ttl: config.ttlMs,
      }),
    }),
  ],
})
export class CacheManagerModule {}

function engineOf(cache: Cache | undefined): Cache {
  if (cache === undefined)
    throw new Error('CACHE_MANAGER_STORE=engine needs CacheModule.forRoot() in the root module.');
  return cache.namespace('cache-manager');
}

function makeIoredisYet(config: CacheConfigValues, pool: RedisPool | null): Keyv {
  const memory = createCache({ namespace: 'cache-manager', memory: { maxBytes: MEMORY_BYTES } });
  const options = { prefix: `${config.namespace}:cache-manager:`, memoryTtlMs: config.managerMemoryTtlMs };
  return new Keyv({
    store: new CacheManagerStore(pool, memory, options),
    useKeyPrefix: false,
    serialize: (data) => toSafeString(data, config.maxValueBytes) as string,
    deserialize: (text) => fromSafeString(text) as never,
  });
}
