import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { RedisStatusService } from '../redis/index.js';

/** State of Redis by the pool's monitor, without sending a command. A lost Redis is `degraded`, because memory serves. */
@Injectable()
export class RedisIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisStatusService,
  ) {}

  /** Whether reads and writes work, or no Redis is configured. */
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
