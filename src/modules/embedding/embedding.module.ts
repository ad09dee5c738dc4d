import { HttpException, Inject, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ErrorDialects } from '../../common/http/problems/error-dialects.js';
import { withMedia } from '../../common/http/routes/json-routes.decorator.js';
import { EmbeddingAdminController } from './admin/embedding-admin.controller.js';
import { EmbeddingOperations } from './admin/embedding-operations.js';
import { VectorArchive } from './admin/vector-archive.js';
import { EmbeddingCoreModule } from './embedding-core.module.js';
import { type EmbeddingConfig, embeddingConfig } from './embedding.config.js';
import { throttlingProviders } from './tenants/tenant-throttler.guard.js';
import { FileWarmUpSource } from './jobs/file-warm-up.source.js';
import { VectorScanner } from './vectors/vector-scanner.js';
import { KeyPolicy } from './tenants/key-policy.js';
import { TenantGuard } from './tenants/tenant.guard.js';
import { embeddingErrorDialects } from './wire/error-dialects.js';
import { GoogleController } from './wire/google/google.controller.js';
import { ModelsController } from './wire/models.controller.js';
import { OpenAiController } from './wire/openai/openai.controller.js';
import { ACCEPTED_CODINGS, decoderOf } from './wire/body-coding.js';
import { assertJson } from './wire/content-type.js';
import { limitValues } from './wire/value-limit.stream.js';

/** The embeddings gateway over HTTP, in OpenAI's dialect and in Google's. */
@Module({
  imports: [EmbeddingCoreModule],
  controllers: [OpenAiController, GoogleController, ModelsController, EmbeddingAdminController],
  providers: [
    EmbeddingOperations,
    FileWarmUpSource,
    KeyPolicy,
    TenantGuard,
    VectorArchive,
    VectorScanner,
    ...throttlingProviders,
  ],
  exports: [EmbeddingCoreModule, KeyPolicy, TenantGuard, ...throttlingProviders],
})
export class EmbeddingModule {
  constructor(
    dialects: ErrorDialects,
    { httpAdapter }: HttpAdapterHost,
    @Inject(embeddingConfig.KEY) config: EmbeddingConfig,
  ) {
    for (const dialect of embeddingErrorDialects) dialects.register(dialect);
    const server = httpAdapter.getInstance() as FastifyInstance;
    // Nest has no body limits per route, but Fastify has. Routes are added after modules are created.
    server.addHook('onRoute', (route) => {
      if (!embeddingErrorDialects.some(({ pathPrefix }) => route.url.startsWith(pathPrefix))) return;
      route.bodyLimit = config.bodyLimitBytes;
      route.config = withMedia(route.config, { decodesBodies: true });
      // A callback, not a promise: with a promise the body would flow, and could fail, before Fastify listens to it.
      route.preParsing = ({ method, headers }, reply, payload, done) => {
        try {
          if (method === 'POST') assertJson(headers['content-type']);
          const isTooLarge = Number(headers['content-length']) > config.bodyLimitBytes;
          const decoder = isTooLarge ? undefined : decoderOf(headers['content-encoding']);
          done(null, isTooLarge ? payload : limitValues(payload, config.bodyLimitBytes, decoder));
        } catch (error) {
          // The rest of the body is read and dropped: a client that is still sending would not receive the answer otherwise.
          payload.resume();
          if (error instanceof HttpException && error.getStatus() === 415)
            reply.header('accept-encoding', ACCEPTED_CODINGS);
          done(error as Error);
        }
      };
    });
    // An import is read line by line: each line has a limit, the whole has none.
    server.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
  }
}
