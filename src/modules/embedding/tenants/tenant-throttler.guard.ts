import { type ExecutionContext, Injectable, type Provider } from '@nestjs/common';
import type { ThrottlerLimitDetail, ThrottlerModuleOptions } from '@nestjs/throttler';
import { EmbeddingError } from '../embedding.error.js';
import { tenantOf } from './request-tenant.js';
import { SharedThrottlerStorage } from './shared-throttler.storage.js';

// CommonJS that requires Nest's ES modules: it can be loaded only after them, which a static import does not promise.
const { getOptionsToken, getStorageToken, ThrottlerGuard } = await import('@nestjs/throttler');

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

/** The guard with what it needs. Throttler's own module is global and would limit other modules' routes too. */
export const throttlingProviders: Provider[] = [
  SharedThrottlerStorage,
  { provide: getOptionsToken(), useValue: OPTIONS },
  { provide: getStorageToken(), useExisting: SharedThrottlerStorage },
  TenantThrottlerGuard,
];
