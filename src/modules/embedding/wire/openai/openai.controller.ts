import { Body, Controller, Headers, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { EmbeddingService } from '../../embedding.service.js';
import type { Tenant } from '../../embedding.types.js';
import { CurrentTenant } from '../../tenants/request-tenant.js';
import { TenantThrottlerGuard } from '../../tenants/tenant-throttler.guard.js';
import { TenantGuard } from '../../tenants/tenant.guard.js';
import { abortOnDisconnect } from '../abort-on-disconnect.js';
import { readCacheControls } from '../cache-controls.js';
import { usageHeaders } from '../usage-headers.js';
import { renderOpenAiAnswer } from './openai-answer.js';
import { type OpenAiEmbeddingBody, openAiEmbeddingSchema } from './openai-embedding.schema.js';

/** OpenAI's dialect. Its clients only need another base URL. */
@ApiTags('embeddings (OpenAI)')
@ApiBearerAuth()
@Controller('v1')
@UseGuards(TenantGuard, TenantThrottlerGuard)
export class OpenAiController {
  constructor(private readonly embeddings: EmbeddingService) {}

  @Post('embeddings')
  @HttpCode(200)
  @ApiOperation({ summary: 'Embed texts, cached per text' })
  async create(
    @Body({ schema: openAiEmbeddingSchema }) body: OpenAiEmbeddingBody,
    @Headers() headers: IncomingHttpHeaders,
    @CurrentTenant() tenant: Tenant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const taskType = body.task_type ?? body.taskType ?? undefined;
    const title = body.title ?? undefined;
    const result = await this.embeddings.embed({
      model: body.model ?? undefined,
      dimensions: body.dimensions ?? undefined,
      inputs: body.input.map((text) => ({ parts: [text], taskType, title })),
      controls: readCacheControls(headers),
      tenant,
      signal: abortOnDisconnect(reply),
    });
    reply.headers({ 'content-type': 'application/json; charset=utf-8', ...usageHeaders(result) });
    return renderOpenAiAnswer(result, body.encoding_format ?? 'float');
  }
}
