import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DocumentsModule } from '../documents/index.js';
import { CacheHealthModule } from './cache-health.module.js';
import { DatabaseIndicator } from './database.indicator.js';
import { HealthController } from './health.controller.js';
import { SearchIndexIndicator } from './search-index.indicator.js';

/** Liveness, readiness, start-up and details. */
@Module({
  imports: [CacheHealthModule, DocumentsModule, TerminusModule],
  controllers: [HealthController],
  providers: [DatabaseIndicator, SearchIndexIndicator],
  exports: [CacheHealthModule, DatabaseIndicator],
})
export class HealthModule {}
