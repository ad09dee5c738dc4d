import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { RedisStatusService } from '../redis/index.js';

/** Redis as the pool's monitor judges it; asking costs no command. Lost is `degraded`: memory serves. */
@Injectable()
export class RedisIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisStatusService,
  ) {}

  /** Whether reads and writes work, or there is no Redis to lose. */
  get isWell(): boolean {
    const status = this.redis.status();
    return status === null || status.state === 'up';
  }

  check() {
    const indicator = this.indicators.check('redis');
    const status = this.redis.status();
    if (status === null) return indicator.up({ state: 'none', message: 'REDIS_URL is not set: memory only.' });
    return status.state === 'up' ? indicator.up({ ...status }) : indicator.degraded({ ...status });
  }
}
