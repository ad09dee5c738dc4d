import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { CACHE, type Cache } from '../cache/index.js';

/** State of the cache's tiers. `degraded` while invalidations may be missed or wait to be sent. */
@Injectable()
export class CacheIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(CACHE) private readonly cache: Cache,
  ) {}

  check() {
    const indicator = this.indicators.check('cache');
    const stats = this.cache.stats();
    const isWhole = stats.redis === 'none' || (stats.isCoherent && stats.queuedInvalidations === 0);
    return isWhole ? indicator.up({ ...stats }) : indicator.degraded({ ...stats });
  }
}
