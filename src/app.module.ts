import { type DynamicModule, Module, type OnModuleDestroy } from '@nestjs/common';
import { configSections } from './app.config.js';
import { AppConfigModule } from './common/config/app-config.module.js';
import { HttpModule } from './common/http/http.module.js';
import { RequestDrain } from './common/http/hooks/request-drain.js';
import { AdminModule } from './modules/admin/index.js';
import { CacheManagerModule, CacheModule, cacheConfig } from './modules/cache/index.js';
import { DatabaseModule } from './modules/database/index.js';
import { DocumentsModule } from './modules/documents/index.js';
import { EmbeddingModule } from './modules/embedding/index.js';
import { HealthModule } from './modules/health/index.js';
import { InvalidationModule } from './modules/invalidation/index.js';
import { MetricsModule } from './modules/metrics/index.js';
import { RedisModule, withProbePrefix } from './modules/redis/index.js';
import { SessionModule } from './modules/session/index.js';
import { WarmUpModule } from './modules/warmup/index.js';

/** The service: its modules in layer order. */
@Module({})
export class AppModule implements OnModuleDestroy {
  constructor(private readonly requests: RequestDrain) {}

  /** @throws ConfigError for an invalid environment. */
  static forRoot(env: NodeJS.ProcessEnv): DynamicModule {
    return {
      module: AppModule,
      imports: [
        AppConfigModule.forRoot(withProbePrefix(env), configSections),
        HttpModule,
        RedisModule,
        DatabaseModule,
        CacheModule.forRoot(),
        CacheManagerModule,
        InvalidationModule.forRoot({ namespace: cacheConfig.parse(env).namespace }),
        WarmUpModule,
        EmbeddingModule,
        SessionModule,
        DocumentsModule,
        MetricsModule,
        HealthModule,
        AdminModule,
      ],
    };
  }

  /** The hook of the root module runs first, so that no module closes a part that a request in flight still uses. */
  async onModuleDestroy(): Promise<void> {
    await this.requests.drain();
  }
}
