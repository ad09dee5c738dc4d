import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { type Clock, systemClock } from '../../common/clock.js';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';
import { type EmbeddingConfig, embeddingConfig } from './embedding.config.js';
import { UsageTotals } from './usage/usage-totals.js';
import { EmbeddingService } from './embedding.service.js';
import { cacheConfig, type CacheConfigValues } from '../cache/index.js';
import { CLOCK, PROVIDERS } from './embedding.tokens.js';
import { RequestPlanner } from './vectors/request-planner.js';
import { ModelCatalog } from './models/model-catalog.js';
import { TokenCounter } from './usage/token-counter.js';
import { createProviders, type ProviderRegistry } from './providers/provider.registry.js';
import { VectorCaches } from './vectors/vector-caches.js';
import { VectorLoader } from './vectors/vector-loader.js';
import { TextQuota } from './tenants/text-quota.js';
import { WindowCounter } from './tenants/window-counter.js';

/** Embeddings without HTTP: the part that the service and the command line share. */
@Module({
  providers: [
    { provide: CLOCK, useValue: systemClock },
    {
      provide: PROVIDERS,
      inject: [embeddingConfig.KEY, CLOCK, REDIS_POOL, cacheConfig.KEY],
      useFactory: (config: EmbeddingConfig, clock: Clock, pool: RedisPool | null, { namespace }: CacheConfigValues) =>
        createProviders(config, clock, pool && { pool, namespace }),
    },
    UsageTotals,
    EmbeddingService,
    ModelCatalog,
    RequestPlanner,
    TextQuota,
    TokenCounter,
    VectorCaches,
    VectorLoader,
    WindowCounter,
  ],
  exports: [
    CLOCK,
    UsageTotals,
    EmbeddingService,
    ModelCatalog,
    PROVIDERS,
    RequestPlanner,
    TokenCounter,
    VectorCaches,
    WindowCounter,
  ],
})
export class EmbeddingCoreModule implements OnModuleDestroy {
  constructor(@Inject(PROVIDERS) private readonly providers: ProviderRegistry) {}

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.providers.values()].map((provider) => provider.close()));
  }
}
