import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheIndicator } from './cache.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { HealthController } from './health.controller.js';
import { RedisIndicator } from './redis.indicator.js';

/** Liveness, readiness, start-up and details. */
@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [CacheIndicator, DatabaseIndicator, RedisIndicator],
  exports: [CacheIndicator, DatabaseIndicator, RedisIndicator],
})
export class HealthModule {}
