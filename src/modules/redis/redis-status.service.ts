import { Inject, Injectable } from '@nestjs/common';
import { systemClock } from '../../common/clock.js';
import { type CommandBill, estimateBill } from './memory/command-bill.js';
import type { RedisUsage, RedisWarning } from './memory/redis-usage.types.js';
import { UsageWatcher } from './memory/usage.watcher.js';
import { type RedisConfig, redisConfig } from './redis.config.js';
import { REDIS_POOL } from './redis.tokens.js';
import type { Availability, AvailabilityReason, RedisPool, RedisPoolStats } from './redis.types.js';

/** Everything known about Redis without asking it, for health, metrics and the dashboard. */
export interface RedisStatus {
  readonly state: Availability;
  readonly reason: AvailabilityReason;
  /** Time since the state changed, ms. */
  readonly forMs: number;
  /** How long a read waits for Redis now, ms. */
  readonly readBudgetMs: number;
  readonly pool: RedisPoolStats;
  /** `undefined` before the first check, and when INFO is forbidden. */
  readonly usage: RedisUsage | undefined;
  readonly warnings: readonly RedisWarning[];
  /** What the ACL of Redis has denied since the start. */
  readonly denied: readonly string[];
  /** This instance's share of the bill; `undefined` unless Redis is billed per command. */
  readonly bill: CommandBill | undefined;
}

/** Reports on Redis from memory. It never waits and is cheap enough for every probe and scrape. */
@Injectable()
export class RedisStatusService {
  private readonly startedMs = systemClock.nowMs();
  private readonly isBilled: boolean;

  /** @internal */
  constructor(
    @Inject(REDIS_POOL) private readonly pool: RedisPool | null,
    @Inject(redisConfig.KEY) private readonly config: RedisConfig,
    private readonly watcher: UsageWatcher,
  ) {
    this.isBilled = config.isPerCommandBilled ?? isUpstash(config.url);
  }

  /** `null` when no Redis is configured. */
  status(): RedisStatus | null {
    if (!this.pool) return null;
    const { monitor } = this.pool;
    const nowMs = systemClock.nowMs();
    const pool = this.pool.stats();
    return {
      state: monitor.state,
      reason: monitor.reason,
      forMs: nowMs - monitor.sinceMs,
      readBudgetMs: monitor.readBudgetMs(),
      pool,
      usage: this.watcher.usage,
      warnings: this.watcher.warnings,
      denied: monitor.denied,
      bill: this.isBilled
        ? estimateBill(pool.commandsSent, nowMs - this.startedMs, this.config.pricePer100kCommands)
        : undefined,
    };
  }
}

function isUpstash(url: string | undefined): boolean {
  return url !== undefined && /(^|\.)upstash\.io$/.test(URL.parse(url)?.hostname ?? '');
}
