import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { AvailabilityLogger } from './availability.logger.js';
import { createRedisPool } from './clients/redis-pool.js';
import { UsageWatcher } from './memory/usage.watcher.js';
import { RedisStatusService } from './redis-status.service.js';
import { redisPoolOptionsOf, redisSourceOf } from './redis-source.js';
import { type RedisConfig, redisConfig } from './redis.config.js';
import { APPLICATION_REDIS_POOL, REDIS_POOL } from './redis.tokens.js';
import type { RedisPool } from './redis.types.js';

/**
 * Provides {@link REDIS_POOL} everywhere, once per application. The start never waits for Redis and never fails because of
 * it; only an invalid configuration stops the start.
 *
 * Import it before the modules that use it: Nest closes global modules in reverse order, so the pool closes last.
 */
@Global()
@Module({
  providers: [
    {
      provide: REDIS_POOL,
      useFactory: (config: RedisConfig): RedisPool | null => {
        const source = redisSourceOf(config);
        return source === undefined ? null : createRedisPool(source, redisPoolOptionsOf(config));
      },
      inject: [redisConfig.KEY],
    },
    { provide: APPLICATION_REDIS_POOL, useExisting: REDIS_POOL },
    AvailabilityLogger,
    RedisStatusService,
    {
      provide: UsageWatcher,
      useFactory: (pool: RedisPool | null, config: RedisConfig) => new UsageWatcher(pool, config),
      inject: [REDIS_POOL, redisConfig.KEY],
    },
  ],
  exports: [APPLICATION_REDIS_POOL, REDIS_POOL, RedisStatusService, UsageWatcher],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS_POOL) private readonly pool: RedisPool | null) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.close();
  }
}
