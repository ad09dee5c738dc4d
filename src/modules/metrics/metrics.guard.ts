import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OperatorAccess } from '../../common/http/guards/operator-access.js';
import { type OperatorConfig, operatorConfig } from '../../common/http/guards/operator.config.js';

/** Lets in who has `METRICS_TOKEN`; where none is set, callers on this machine. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(
    private readonly access: OperatorAccess,
    @Inject(operatorConfig.KEY) private readonly config: OperatorConfig,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    this.access.check(context.switchToHttp().getRequest<FastifyRequest>(), this.config.metricsToken, 'METRICS_TOKEN');
    return true;
  }
}
