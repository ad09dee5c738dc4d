import { createHash } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerToken, isSameSecret } from '../../../common/http/guards/secret-text.js';
import { type SessionConfig, sessionConfig } from '../session.config.js';

/** Accepts requests with one of `SESSION_API_KEYS`, sent as `Authorization: Bearer <key>`. Without configured keys it accepts none. */
@Injectable()
export class SessionApiKeyGuard implements CanActivate {
  constructor(@Inject(sessionConfig.KEY) private readonly config: SessionConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const key = bearerToken(headers.authorization);
    if (key !== undefined && this.isKnown(key)) return true;
    throw new UnauthorizedException('This request needs a key of SESSION_API_KEYS: `Authorization: Bearer <key>`.');
  }

  /** Compares with every hash, so that the time it takes does not reveal which one matched. */
  private isKnown(key: string): boolean {
    const hash = createHash('sha256').update(key).digest('hex');
    return this.config.apiKeyHashes.filter((known) => isSameSecret(hash, known.toLowerCase())).length > 0;
  }
}
