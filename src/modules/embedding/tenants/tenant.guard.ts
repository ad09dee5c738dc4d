import { hash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isLocalCaller } from '../../../common/http/guards/local-caller.js';
import { bearerToken } from '../../../common/http/guards/secret-text.js';
import { type EmbeddingConfig, embeddingConfig } from '../embedding.config.js';
import { EmbeddingError } from '../embedding.error.js';
import type { Tenant } from '../embedding.types.js';
import type { ApiKey } from '../config/api-key-text.js';
import { LOCAL_TENANT } from './local-tenant.js';
import { setTenant } from './request-tenant.js';

/**
 * Accepts requests with an API key, sent as by OpenAI's clients (`Authorization: Bearer`) or by Google's
 * (`x-goog-api-key`, `?key=`). Without configured keys it accepts only callers on this machine, with or without a key.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(@Inject(embeddingConfig.KEY) private readonly config: EmbeddingConfig) {}

  /** @throws EmbeddingError `unauthenticated` or `forbidden`. */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    setTenant(request, this.config.apiKeys.length === 0 ? localTenant(request) : this.tenantOfKey(keyOf(request)));
    return true;
  }

  private tenantOfKey(key: string | undefined): Tenant {
    if (key === undefined) throw new EmbeddingError('unauthenticated', 'You did not provide an API key.');
    const digest = hash('sha256', key, 'buffer');
    // Every key is compared, so that the time reveals neither whether a key matched nor which one.
    let match: ApiKey | undefined;
    for (const known of this.config.apiKeys) if (timingSafeEqual(known.digest, digest)) match = known;
    if (!match) throw new EmbeddingError('unauthenticated', 'Incorrect API key provided.');
    return match.tenant;
  }
}

function localTenant(request: FastifyRequest): Tenant {
  if (isLocalCaller(request)) return LOCAL_TENANT;
  throw new EmbeddingError('forbidden', 'No API keys are configured, so only callers on this machine are served.');
}

function keyOf({ headers, query }: FastifyRequest): string | undefined {
  const googleKey = headers['x-goog-api-key'] ?? (query as { key?: unknown }).key;
  return bearerToken(headers.authorization) ?? (typeof googleKey === 'string' ? googleKey : undefined);
}
