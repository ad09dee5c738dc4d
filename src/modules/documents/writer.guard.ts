import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OperatorAccess } from '../../common/http/guards/operator-access.js';
import { type DocumentsConfig, documentsConfig } from './documents.config.js';

/** Lets in who may write: who has `DOCUMENTS_TOKEN`, or, where none is set, callers on this machine. */
@Injectable()
export class WriterGuard implements CanActivate {
  constructor(
    private readonly access: OperatorAccess,
    @Inject(documentsConfig.KEY) private readonly config: DocumentsConfig,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    this.access.check(context.switchToHttp().getRequest<FastifyRequest>(), this.config.writeToken, 'DOCUMENTS_TOKEN');
    return true;
  }
}
