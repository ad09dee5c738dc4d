import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { EmbeddingModule } from '../embedding/index.js';
import { CacheMetricsModule, METRICS_REGISTRY } from './cache-metrics.module.js';
import { EmbeddingMetrics } from './embedding.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { ServiceMetrics } from './service.metrics.js';

const cacheMetrics = CacheMetricsModule.forRoot();

/** Prometheus metrics of this application, in a separate registry. They listen to events and read states; lower modules don't depend on them. */
@Module({
  imports: [EmbeddingModule, cacheMetrics],
  controllers: [MetricsController],
  providers: [{ provide: Registry, useExisting: METRICS_REGISTRY }, EmbeddingMetrics, MetricsGuard, ServiceMetrics],
  exports: [cacheMetrics, Registry],
})
export class MetricsModule {}
