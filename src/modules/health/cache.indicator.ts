import { Inject, Injectable } from '@nestjs/common';
import { CACHE, type Cache } from '../cache/nest.js';
import { DEGRADED_RESULT, type DegradedResult, type IndicatorResult, upResult } from './degraded-status.js';

/** State of the cache's tiers, for Terminus. `degraded` while invalidations may be missed or wait to be sent. */
@Injectable()
export class CacheIndicator {
  /** @internal */
  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    @Inject(DEGRADED_RESULT) private readonly degraded: DegradedResult,
  ) {}

  check(): IndicatorResult<'cache'> {
    const stats = this.cache.stats();
    const isWhole = stats.redis === 'none' || (stats.isCoherent && stats.queuedInvalidations === 0);
    return isWhole ? upResult('cache', stats) : this.degraded('cache', stats);
  }
}
