import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerLimitDetail, type ThrottlerModuleOptions } from '@nestjs/throttler';
import { EmbeddingError } from '../embedding.error.js';
import { tenantOf } from './request-tenant.js';
import { SharedThrottlerStorage } from './shared-throttler.storage.js';

const MINUTE_MS = 60_000;

/** One limit over all embedding endpoints: the tenant's requests per minute. */
const OPTIONS: ThrottlerModuleOptions = [
  {
    ttl: MINUTE_MS,
    limit: (context) => tenantOf(context).requestsPerMinute,
    skipIf: (context) => tenantOf(context).requestsPerMinute === Number.POSITIVE_INFINITY,
    getTracker: (_request, context) => tenantOf(context).name,
    generateKey: (_context, tenant) => `requests:${tenant}`,
  },
];

/** Holds a tenant to its requests per minute, over all instances. Comes after `TenantGuard`. */
@Injectable()
export class TenantThrottlerGuard extends ThrottlerGuard {
  constructor(storage: SharedThrottlerStorage, reflector: Reflector) {
    super(OPTIONS, storage, reflector);
  }

  /** @throws EmbeddingError `rate-limited`, in the caller's dialect. */
  protected override throwThrottlingException(
    _context: ExecutionContext,
    { limit, timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new EmbeddingError('rate-limited', `Rate limit reached: ${limit} requests per minute.`, {
      retryAfterMs: timeToBlockExpire * 1_000,
    });
  }
}
