import { createHash } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Optional,
  UnauthorizedException,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerToken, isSameSecret } from '../../../common/http/guards/secret-text.js';
import { WrongSecrets } from '../../../common/http/guards/wrong-secrets.js';
import { ProblemException } from '../../../common/http/problems/problem.exception.js';
import { type SessionConfig, sessionConfig } from '../session.config.js';

/**
 * Accepts requests with one of `SESSION_API_KEYS`, sent as `Authorization: Bearer <key>`. Without configured keys it accepts none.
 * A right key always opens; wrong ones are counted.
 */
@Injectable()
export class SessionApiKeyGuard implements CanActivate {
  constructor(
    @Inject(sessionConfig.KEY) private readonly config: SessionConfig,
    @Optional() private readonly wrongSecrets?: WrongSecrets,
  ) {}

  /** @throws UnauthorizedException; ProblemException 429 after ten wrong keys in a minute. */
  canActivate(context: ExecutionContext): boolean {
    const { headers, ip } = context.switchToHttp().getRequest<FastifyRequest>();
    const key = bearerToken(headers.authorization);
    if (key !== undefined && this.isKnown(key)) return true;
    const waitSeconds = key === undefined ? 0 : (this.wrongSecrets?.count('session keys', ip) ?? 0);
    if (waitSeconds > 0) {
      const detail = `Too many wrong keys. Try again in ${waitSeconds} s, or send the right one.`;
      throw new ProblemException(429, { detail }, { 'retry-after': String(waitSeconds) });
    }
    throw new UnauthorizedException('This request needs a key of SESSION_API_KEYS: `Authorization: Bearer <key>`.');
  }

  /** Compares with every hash, so that the time it takes does not reveal which one matched. */
  private isKnown(key: string): boolean {
    const hash = createHash('sha256').update(key).digest('hex');
    return this.config.apiKeyHashes.filter((known) => isSameSecret(hash, known.toLowerCase())).length > 0;
  }
}
