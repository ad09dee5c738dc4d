import { readFileSync } from 'node:fs';
import { Controller, Get, Header, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminGuard } from '../../../common/http/guards/admin.guard.js';
import { passCookie } from '../../../common/http/guards/browser-pass.js';
import { OperatorAccess } from '../../../common/http/guards/operator-access.js';
import { sendPage, sendSignInPage } from '../../../common/http/guards/sign-in-page.js';
import { type HttpConfig, httpConfig } from '../../../common/http/http.config.js';
import { type ServiceStatus, StatusService } from './status.service.js';

const DASHBOARD = readFileSync(new URL('./dashboard.html', import.meta.url), 'utf8');

/** The dashboard: one page without external resources, and its data. */
@ApiTags('admin')
@Controller('admin')
export class DashboardController {
  constructor(
    private readonly statusService: StatusService,
    private readonly access: OperatorAccess,
    private readonly guard: AdminGuard,
    @Inject(httpConfig.KEY) private readonly http: HttpConfig,
  ) {}

  /** The dashboard, or with 401 the page to sign in. */
  @Get()
  @ApiExcludeEndpoint()
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (this.access.isOpen(request, this.guard.door)) sendPage(reply, DASHBOARD);
    else sendSignInPage(reply);
  }

  /** Gives a browser that sends the token a cookie for the pages of operators. */
  @Post('sign-in')
  @UseGuards(AdminGuard)
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Sign a browser in, with a cookie for /admin and /docs' })
  signIn(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply
      .header('cache-control', 'no-store')
      .header('set-cookie', passCookie(request, this.access.tokenOf(this.guard.door), this.http.isTls));
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
