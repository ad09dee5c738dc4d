import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { EmbeddingModule } from '../embedding/index.js';
import { CacheMetrics } from './cache.metrics.js';
import { CacheTotals } from './cache-totals.js';
import { EmbeddingMetrics } from './embedding.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { RedisMetrics } from './redis.metrics.js';
import { ServiceMetrics } from './service.metrics.js';

/** Prometheus metrics of this application, in a separate registry. They listen to events and read states; lower modules don't depend on them. */
@Module({
  imports: [EmbeddingModule],
  controllers: [MetricsController],
  providers: [
    { provide: Registry, useFactory: () => new Registry() },
    CacheTotals,
    CacheMetrics,
    EmbeddingMetrics,
    MetricsGuard,
    RedisMetrics,
    ServiceMetrics,
  ],
  exports: [CacheTotals, Registry],
})
export class MetricsModule {}
