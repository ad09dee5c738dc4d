import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { EmbeddingModule } from '../embedding/index.js';
import { CacheMetrics } from './cache.metrics.js';
import { CacheTally } from './cache-tally.js';
import { EmbeddingMetrics } from './embedding.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsGuard } from './metrics.guard.js';
import { RedisMetrics } from './redis.metrics.js';
import { ServiceMetrics } from './service.metrics.js';

/** Prometheus metrics of this app, in a registry of its own. They listen and read; nothing below knows of them. */
@Module({
  imports: [EmbeddingModule],
  controllers: [MetricsController],
  providers: [
    { provide: Registry, useFactory: () => new Registry() },
    CacheTally,
    CacheMetrics,
    EmbeddingMetrics,
    MetricsGuard,
    RedisMetrics,
    ServiceMetrics,
  ],
  exports: [CacheTally, Registry],
})
export class MetricsModule {}
