import { type DynamicModule, Module } from '@nestjs/common';
import { AppConfigModule } from '../../../common/config/app-config.module.js';
import { CacheModule, cacheConfig } from '../../cache/index.js';
import { RedisModule, withProbePrefix, redisConfig } from '../../redis/index.js';
import { EmbeddingCoreModule } from '../embedding-core.module.js';
import { embeddingConfig } from '../embedding.config.js';
import { EmbedJob } from '../jobs/embed-job.js';

/** The parts a job needs: the service's cache and providers, without HTTP. */
@Module({})
export class EmbedCliModule {
  static forRoot(env: NodeJS.ProcessEnv): DynamicModule {
    return {
      module: EmbedCliModule,
      imports: [
        AppConfigModule.forRoot(withProbePrefix(env), [redisConfig, cacheConfig, embeddingConfig]),
        RedisModule,
        CacheModule.forRoot(),
        EmbeddingCoreModule,
      ],
      providers: [EmbedJob],
    };
  }
}
