import { type CanActivate, type ExecutionContext, ForbiddenException, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OperatorAccess } from './operator-access.js';
import { type OperatorConfig, operatorConfig } from './operator.config.js';

/**
 * Guards routes of operators, of whatever module: `@UseGuards(AdminGuard)`. They take `ADMIN_TOKEN`; where none is set,
 * they can be read on this machine and change nothing.
 */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly access: OperatorAccess,
    @Inject(operatorConfig.KEY) private readonly config: OperatorConfig,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    this.access.check(request, this.config.adminToken, 'ADMIN_TOKEN');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (this.config.adminToken === undefined && !isRead)
      throw new ForbiddenException('Set ADMIN_TOKEN to change anything here.');
    return true;
  }
}
