import { Inject, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ErrorDialects } from '../../common/http/error-dialects.js';
import { EmbeddingCoreModule } from './embedding-core.module.js';
import { type EmbeddingConfig, embeddingConfig } from './embedding.config.js';
import { throttlingProviders } from './tenants/tenant-throttler.guard.js';
import { TenantGuard } from './tenants/tenant.guard.js';
import { googleErrorDialect } from './wire/google/google-error.dialect.js';
import { GoogleController } from './wire/google/google.controller.js';
import { openAiErrorDialect } from './wire/openai/openai-error.dialect.js';
import { OpenAiController } from './wire/openai/openai.controller.js';

/** The embeddings gateway over HTTP, in OpenAI's dialect and in Google's. */
@Module({
  imports: [EmbeddingCoreModule],
  controllers: [OpenAiController, GoogleController],
  providers: [TenantGuard, ...throttlingProviders],
  exports: [EmbeddingCoreModule],
})
export class EmbeddingModule {
  constructor(
    dialects: ErrorDialects,
    { httpAdapter }: HttpAdapterHost,
    @Inject(embeddingConfig.KEY) config: EmbeddingConfig,
  ) {
    const served = [openAiErrorDialect, googleErrorDialect];
    for (const dialect of served) dialects.register(dialect);
    // Nest has no limit per route; Fastify has, and routes are added after modules are made.
    (httpAdapter.getInstance() as FastifyInstance).addHook('onRoute', (route) => {
      if (served.some(({ pathPrefix }) => route.url.startsWith(pathPrefix))) route.bodyLimit = config.bodyLimitBytes;
    });
  }
}
