import { Inject, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ErrorDialects } from '../../common/http/error-dialects.js';
import { EmbeddingCoreModule } from './embedding-core.module.js';
import { type EmbeddingConfig, embeddingConfig } from './embedding.config.js';
import { throttlingProviders } from './tenants/tenant-throttler.guard.js';
import { TenantGuard } from './tenants/tenant.guard.js';
import { embeddingErrorDialects } from './wire/error-dialects.js';
import { GoogleController } from './wire/google/google.controller.js';
import { ModelsController } from './wire/models.controller.js';
import { OpenAiController } from './wire/openai/openai.controller.js';

/** The embeddings gateway over HTTP, in OpenAI's dialect and in Google's. */
@Module({
  imports: [EmbeddingCoreModule],
  controllers: [OpenAiController, GoogleController, ModelsController],
  providers: [TenantGuard, ...throttlingProviders],
  exports: [EmbeddingCoreModule],
})
export class EmbeddingModule {
  constructor(
    dialects: ErrorDialects,
    { httpAdapter }: HttpAdapterHost,
    @Inject(embeddingConfig.KEY) config: EmbeddingConfig,
  ) {
    for (const dialect of embeddingErrorDialects) dialects.register(dialect);
    // Nest has no limit per route; Fastify has, and routes are added after modules are made.
    (httpAdapter.getInstance() as FastifyInstance).addHook('onRoute', (route) => {
      if (embeddingErrorDialects.some(({ pathPrefix }) => route.url.startsWith(pathPrefix)))
        route.bodyLimit = config.bodyLimitBytes;
    });
  }
}
