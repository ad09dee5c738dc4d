import { type ExecutionContext, Injectable, type Provider } from '@nestjs/common';
import type { ThrottlerLimitDetail, ThrottlerModuleOptions } from '@nestjs/throttler';
import { EmbeddingError } from '../embedding.error.js';
import { tenantOf } from './request-tenant.js';
import { SharedThrottlerStorage } from './shared-throttler.storage.js';

// A CommonJS package that requires Nest's ES modules. It must be loaded after them, which a static import does not guarantee.
const { getOptionsToken, getStorageToken, ThrottlerGuard } = await import('@nestjs/throttler');

const MINUTE_MS = 60_000;

/** One limit for all embedding endpoints: the tenant's requests per minute. */
const OPTIONS: ThrottlerModuleOptions = [
  {
    ttl: MINUTE_MS,
    limit: (context) => tenantOf(context).requestsPerMinute,
    skipIf: (context) => tenantOf(context).requestsPerMinute === Number.POSITIVE_INFINITY,
    getTracker: (_request, context) => tenantOf(context).name,
    generateKey: (_context, tenant) => `requests:${tenant}`,
  },
];

/** Enforces a tenant's requests per minute, for all instances together. Must run after `TenantGuard`. */
@Injectable()
export class TenantThrottlerGuard extends ThrottlerGuard {
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

/** The guard with its dependencies. The throttler's own module is global and would limit routes of other modules too. */
export const throttlingProviders: Provider[] = [
  SharedThrottlerStorage,
  { provide: getOptionsToken(), useValue: OPTIONS },
  { provide: getStorageToken(), useExisting: SharedThrottlerStorage },
  TenantThrottlerGuard,
];
