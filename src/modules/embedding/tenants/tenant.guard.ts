import { hash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isKeylessCaller } from '../../../common/http/guards/keyless-caller.js';
import { bearerToken, isSameSecret } from '../../../common/http/guards/secret-text.js';
import { WrongSecrets } from '../../../common/http/guards/wrong-secrets.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingError } from '../embedding.error.js';
import type { Tenant } from '../embedding.types.js';
import type { ApiKey } from '../config/api-key-text.js';
import { KeyPolicy } from './key-policy.js';
import { LOCAL_TENANT } from './local-tenant.js';
import { setTenant } from './request-tenant.js';

/**
 * Accepts requests with the key that {@link KeyPolicy} asks for, sent as by OpenAI's clients (`Authorization: Bearer`) or by
 * Google's (`x-goog-api-key`, `?key=`). A right key always opens; wrong ones are counted.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(
    private readonly policy: KeyPolicy,
    private readonly wrongSecrets: WrongSecrets,
    @Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig,
  ) {}

  /** @throws EmbeddingError `unauthenticated`, or `rate-limited` after ten wrong keys in a minute. */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    setTenant(request, this.tenantOf(request));
    return true;
  }

  private tenantOf(request: FastifyRequest): Tenant {
    const key = keyOf(request);
    if (this.policy.kind === 'nothing' && isKeylessCaller(request)) return LOCAL_TENANT;
    if (key === undefined) throw new EmbeddingError('unauthenticated', `You did not provide an API key. ${this.hint}`);
    const tenant = this.policy.kind === 'api-key' ? this.findTenant(key) : this.findLocal(key);
    if (tenant) return tenant;
    const waitSeconds = this.wrongSecrets.count('embeddings', request.ip);
    if (waitSeconds === 0) throw new EmbeddingError('unauthenticated', `Incorrect API key provided. ${this.hint}`);
    throw new EmbeddingError('rate-limited', `Too many incorrect API keys. Try again in ${waitSeconds} s.`, {
      retryAfterMs: waitSeconds * 1_000,
    });
  }

  private findLocal(key: string): Tenant | undefined {
    return isSameSecret(key, this.policy.serviceKey) ? LOCAL_TENANT : undefined;
  }

  /** Every key is compared, so that the time reveals neither whether a key matched nor which one. */
  private findTenant(key: string): Tenant | undefined {
    const digest = hash('sha256', key, 'buffer');
    let match: ApiKey | undefined;
    for (const known of this.config.apiKeys) if (timingSafeEqual(known.digest, digest)) match = known;
    return match?.tenant;
  }

  private get hint(): string {
    return this.policy.kind === 'api-key'
      ? 'It must be one of EMBEDDING_API_KEYS.'
      : 'No keys are configured (EMBEDDING_API_KEYS), so it must be the token of the service (LARDER_TOKEN, or the one that the start names).';
  }
}

function keyOf({ headers, query }: FastifyRequest): string | undefined {
  const googleKey = headers['x-goog-api-key'] ?? (query as { key?: unknown }).key;
  return bearerToken(headers.authorization) ?? (typeof googleKey === 'string' ? googleKey : undefined);
}
