import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Controller, Get, Header, Inject, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminGuard } from '../../../common/http/guards/admin.guard.js';
import { OperatorAccess } from '../../../common/http/guards/operator-access.js';
import { type OperatorConfig, operatorConfig } from '../../../common/http/guards/operator.config.js';
import { type ServiceStatus, StatusService } from './status.service.js';

const PAGE = readFileSync(new URL('./dashboard.html', import.meta.url), 'utf8');

/** The dashboard: one page without external resources, and its data. */
@ApiTags('admin')
@Controller('admin')
export class DashboardController {
  constructor(
    private readonly statusService: StatusService,
    private readonly access: OperatorAccess,
    @Inject(operatorConfig.KEY) private readonly config: OperatorConfig,
  ) {}

  /** The page contains no data and asks for the token itself. Without a configured token it is served on this machine only. */
  @Get()
  @ApiExcludeEndpoint()
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (this.config.adminToken === undefined) this.access.check(request, undefined, 'ADMIN_TOKEN');
    const nonce = randomBytes(16).toString('base64url');
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header(
        'content-security-policy',
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      )
      .send(PAGE.replaceAll('{{nonce}}', nonce));
  }

  @Get('status')
  @UseGuards(AdminGuard)
  @Header('cache-control', 'no-store')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'State of this instance, as shown on the dashboard' })
  status(): ServiceStatus {
    return this.statusService.read();
  }
}
