import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppConfigModule } from '../../../src/common/config/app-config.module.js';
import { httpConfig } from '../../../src/common/http/http.config.js';
import { operatorConfig } from '../../../src/common/http/operator.config.js';
import { loggingConfig } from '../../../src/common/logging/logging.config.js';
import { HttpModule } from '../../../src/common/http/http.module.js';
import { addRequestHooks } from '../../../src/common/http/request-hooks.js';
import { requestIdOf } from '../../../src/common/http/request-id.js';
import { CacheModule, cacheConfig } from '../../../src/modules/cache/index.js';
import { EmbeddingModule, embeddingConfig } from '../../../src/modules/embedding/index.js';
import { RedisModule, redisConfig } from '../../../src/modules/redis/index.js';

@Module({})
class EmbeddingApp {}

export type TestApp = Awaited<ReturnType<typeof startApp>>;

export async function startApp(env: NodeJS.ProcessEnv = {}) {
  const adapter = new FastifyAdapter({ genReqId: requestIdOf, bodyLimit: 2 ** 20 });
  const nest = await NestFactory.create<NestFastifyApplication>(
    {
      module: EmbeddingApp,
      imports: [
        AppConfigModule.forRoot(env, [
          httpConfig,
          operatorConfig,
          loggingConfig,
          redisConfig,
          cacheConfig,
          embeddingConfig,
        ]),
        HttpModule,
        RedisModule,
        CacheModule.forRoot(),
        EmbeddingModule,
      ],
    },
    adapter,
    { logger: ['error', 'warn'], abortOnError: false },
  );
  addRequestHooks(adapter.getInstance(), 'none');
  await nest.listen(0, '127.0.0.1');
  const url = await nest.getUrl();
  return {
    url,
    nest,
    get: <T>(token: Parameters<NestFastifyApplication['get']>[0]) => nest.get<T>(token, { strict: false }),
    close: () => nest.close(),
  };
}
