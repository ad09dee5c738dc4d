import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { systemClock } from '../../common/clock.js';
import { REDIS_POOL, type RedisPool } from '../redis/index.js';

/** Redis as the pool's monitor judges it; asking costs no command. Lost is `degraded`: memory serves. */
@Injectable()
export class RedisIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(REDIS_POOL) private readonly pool: RedisPool | null,
  ) {}

  get isWell(): boolean {
    return this.pool === null || this.pool.monitor.state === 'up';
  }

  check() {
    const indicator = this.indicators.check('redis');
    if (this.pool === null) return indicator.up({ state: 'none', message: 'REDIS_URL is not set: memory only' });
    const { state, reason, sinceMs } = this.pool.monitor;
    const { topology, clients, commandsSent } = this.pool.stats();
    const details = {
      state,
      reason,
      forSeconds: Math.round((systemClock.nowMs() - sinceMs) / 1_000),
      topology,
      connections: clients.map(({ lane, status, pending }) => ({ lane, status, pending })),
      commandsSent,
    };
    return this.isWell ? indicator.up(details) : indicator.degraded(details);
  }
}
