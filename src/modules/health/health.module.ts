import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DocumentsModule } from '../documents/index.js';
import { CacheIndicator } from './cache.indicator.js';
import { DatabaseIndicator } from './database.indicator.js';
import { HealthController } from './health.controller.js';
import { RedisIndicator } from './redis.indicator.js';
import { SearchIndexIndicator } from './search-index.indicator.js';

/** Liveness, readiness, start-up and details. */
@Module({
  imports: [DocumentsModule, TerminusModule],
  controllers: [HealthController],
  providers: [CacheIndicator, DatabaseIndicator, RedisIndicator, SearchIndexIndicator],
  exports: [CacheIndicator, DatabaseIndicator, RedisIndicator],
})
export class HealthModule {}
