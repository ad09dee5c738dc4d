import { Body, Controller, Get, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AdminGuard } from '../../common/http/guards/admin.guard.js';
import { CacheOperations, type InvalidationOutcome } from './cache-operations.js';
import { type InvalidationRequest, invalidationSchema } from './invalidation.schema.js';
import { type CacheReport, StatusService } from './dashboard/status.service.js';

/** Operations on the cache, for operators. */
@ApiTags('admin')
@ApiBearerAuth()
@Controller('admin/cache')
@UseGuards(AdminGuard)
export class CacheAdminController {
  constructor(
    private readonly operations: CacheOperations,
    private readonly status: StatusService,
  ) {}

  @Get('stats')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Hits and misses by cache and tier, sizes, and pending invalidations' })
  stats(): CacheReport {
    return this.status.cache();
  }

  @Post('invalidate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Invalidate by key, by tag, or a whole namespace, on every instance' })
  invalidate(
    @Body({ schema: invalidationSchema }) request: InvalidationRequest,
    @Req() { ip }: FastifyRequest,
  ): Promise<InvalidationOutcome> {
    return this.operations.invalidate(request, ip);
  }
}
