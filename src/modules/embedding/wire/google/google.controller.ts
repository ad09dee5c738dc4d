import { Body, Controller, Headers, HttpCode, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { EmbeddingError } from '../../embedding.error.js';
import { EmbeddingService } from '../../embedding.service.js';
import type { EmbeddingInput, EmbeddingResult, Tenant } from '../../embedding.types.js';
import { ModelCatalog } from '../../models/model-catalog.js';
import { TokenCounter } from '../../usage/token-counter.js';
import { CurrentTenant } from '../../tenants/request-tenant.js';
import { TenantThrottlerGuard } from '../../tenants/tenant-throttler.guard.js';
import { TenantGuard } from '../../tenants/tenant.guard.js';
import { abortOnDisconnect } from '../abort-on-disconnect.js';
import { readCacheControls } from '../cache-controls.js';
import { usageHeaders } from '../usage-headers.js';
import { renderBatchEmbedContents, renderEmbedContent } from './google-answer.js';
import {
  batchEmbedContentsSchema,
  type CountTokensBody,
  countTokensSchema,
  type EmbedContentBody,
  embedContentSchema,
} from './google-embedding.schema.js';

/** A model's name in a path; a colon and the action follow. */
const MODEL = 'models/:model(^[^:]+)';

/** The Gemini API's dialect. Its clients only need another base URL. */
@ApiTags('embeddings (Google)')
@ApiSecurity('x-goog-api-key')
@Controller(['v1beta', 'v1'])
@UseGuards(TenantGuard, TenantThrottlerGuard)
export class GoogleController {
  constructor(
    private readonly embeddings: EmbeddingService,
    private readonly catalog: ModelCatalog,
    private readonly tokens: TokenCounter,
  ) {}

  @Post(`${MODEL}::embedContent`)
  @HttpCode(200)
  @ApiOperation({ summary: 'Embed one content, cached' })
  async embedContent(
    @Param('model') model: string,
    @Body({ schema: embedContentSchema }) body: EmbedContentBody,
    @Headers() headers: IncomingHttpHeaders,
    @CurrentTenant() tenant: Tenant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return renderEmbedContent(await this.embed(model, [body], headers, tenant, reply));
  }

  @Post(`${MODEL}::batchEmbedContents`)
  @HttpCode(200)
  @ApiOperation({ summary: 'Embed up to 100 contents, each cached' })
  async batchEmbedContents(
    @Param('model') model: string,
    @Body({ schema: batchEmbedContentsSchema }) { requests }: { requests: EmbedContentBody[] },
    @Headers() headers: IncomingHttpHeaders,
    @CurrentTenant() tenant: Tenant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return renderBatchEmbedContents(await this.embed(model, requests, headers, tenant, reply));
  }

  @Post(`${MODEL}::countTokens`)
  @HttpCode(200)
  @ApiOperation({ summary: 'Count tokens, cached' })
  async countTokens(@Param('model') model: string, @Body({ schema: countTokensSchema }) { contents }: CountTokensBody) {
    const texts = contents.flatMap(({ parts }) => parts.map(({ text }) => text));
    return { totalTokens: await this.tokens.count(this.catalog.resolve(model).model.id, texts) };
  }

  private async embed(
    name: string,
    requests: readonly EmbedContentBody[],
    headers: IncomingHttpHeaders,
    tenant: Tenant,
    reply: FastifyReply,
  ): Promise<EmbeddingResult> {
    const { model } = this.catalog.resolve(name);
    const result = await this.embeddings.embed({
      model: name,
      // Google's API answers the full width when a request names none, and existing indexes have that width.
      dimensions: commonDimensions(requests) ?? model.dimensions.max,
      inputs: requests.map((request) => toInput(name, request)),
      controls: readCacheControls(headers),
      tenant,
      signal: abortOnDisconnect(reply),
    });
    reply.headers({ 'content-type': 'application/json; charset=UTF-8', ...usageHeaders(result) });
    return result;
  }
}

/** @throws EmbeddingError `invalid-input` when the item names another model than the path. */
function toInput(name: string, { model, content, taskType, task_type, title }: EmbedContentBody): EmbeddingInput {
  if (model && model !== name && model !== `models/${name}`) {
    throw new EmbeddingError('invalid-input', `The model of a request must be the path's, models/${name}.`, {
      param: 'requests.model',
    });
  }
  return { parts: content.parts.map(({ text }) => text), taskType: taskType ?? task_type, title: title ?? undefined };
}

/** @throws EmbeddingError `invalid-input` when items of one batch ask for different widths. */
function commonDimensions(requests: readonly EmbedContentBody[]): number | undefined {
  const widths = new Set(
    requests.map((request) => request.outputDimensionality ?? request.output_dimensionality ?? undefined),
  );
  if (widths.size <= 1) return [...widths][0];
  throw new EmbeddingError('invalid-input', 'All requests of one batch must have the same outputDimensionality.', {
    param: 'requests.outputDimensionality',
  });
}
