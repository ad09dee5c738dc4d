import { Inject, Injectable, Optional } from '@nestjs/common';
import { RedisStatusService } from '../redis/index.js';
import { DEGRADED_RESULT, type DegradedResult, type IndicatorResult, upResult } from './degraded-status.js';

/** State of Redis by the pool's monitor, without sending a command. A lost Redis is `degraded`, because memory serves. */
@Injectable()
export class RedisIndicator {
  /** @internal */
  constructor(
    @Inject(DEGRADED_RESULT) private readonly degraded: DegradedResult,
    @Optional() private readonly redis?: RedisStatusService,
  ) {}

  /** Whether reads and writes work, or no Redis is configured. */
  get isWell(): boolean {
    const status = this.redis?.status() ?? null;
    return status === null || status.state === 'up';
  }

  check(): IndicatorResult<'redis'> {
    const status = this.redis?.status() ?? null;
    if (status === null) return upResult('redis', { state: 'none', message: 'REDIS_URL is not set: memory only.' });
    const isWhole = status.state === 'up' && status.denied.length === 0;
    return isWhole ? upResult('redis', status) : this.degraded('redis', status);
  }
}
