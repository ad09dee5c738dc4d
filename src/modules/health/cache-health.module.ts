import { Module } from '@nestjs/common';
import { CacheIndicator } from './cache.indicator.js';
import { degradedResultProvider } from './degraded-status.js';
import { RedisIndicator } from './redis.indicator.js';

/**
 * The indicators of the cache and of its Redis, for `HealthCheckService` of `@nestjs/terminus` 11 and 12. They send nothing
 * and wait for nothing.
 *
 * @example
 * imports: [CacheModule.forRoot({ redis: url }), TerminusModule, CacheHealthModule]
 * // in the controller
 * this.health.check([() => this.cache.check(), () => this.redis.check()])
 */
@Module({
  providers: [degradedResultProvider, CacheIndicator, RedisIndicator],
  exports: [CacheIndicator, RedisIndicator],
})
export class CacheHealthModule {}
