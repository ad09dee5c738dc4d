import { Controller, Get, Param, Req, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ModelCatalog } from '../models/model-catalog.js';
import { TenantThrottlerGuard } from '../tenants/tenant-throttler.guard.js';
import { TenantGuard } from '../tenants/tenant.guard.js';
import { describeGoogleModel } from './google/google-model.js';
import { isGoogleRequest } from './is-google-request.js';
import { describeOpenAiModel } from './openai/openai-model.js';

/** The models of this service, in the format of the API that the caller uses. */
@ApiTags('embeddings')
@Controller(['v1/models', 'v1beta/models'])
@UseGuards(TenantGuard, TenantThrottlerGuard)
export class ModelsController {
  constructor(private readonly catalog: ModelCatalog) {}

  @Get()
  @ApiOperation({ summary: 'List the models of this service' })
  list(@Req() request: FastifyRequest) {
    const models = this.catalog.list();
    return isGoogleRequest(request)
      ? { models: models.map(describeGoogleModel) }
      : { object: 'list', data: models.map(describeOpenAiModel) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Describe a model, by its name or an alias' })
  findOne(@Param('id') id: string, @Req() request: FastifyRequest) {
    const { model } = this.catalog.resolve(id);
    return isGoogleRequest(request) ? describeGoogleModel(model) : describeOpenAiModel(model);
  }
}
