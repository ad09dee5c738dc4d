import { type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { operatorConfig } from './operator.config.js';
import { tokenGuard } from './token.guard.js';

/**
 * Guards the operators' routes of any module: `@UseGuards(AdminGuard)`. They need `ADMIN_TOKEN`. Without a configured token
 * they can be read on this machine, and nothing can be changed.
 */
@Injectable()
export class AdminGuard extends tokenGuard(operatorConfig.KEY, 'adminToken', 'ADMIN_TOKEN') {
  override canActivate(context: ExecutionContext): boolean {
    super.canActivate(context);
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!this.hasToken && method !== 'GET' && method !== 'HEAD')
      throw new ForbiddenException('Set ADMIN_TOKEN to change anything here.');
    return true;
  }
}
