import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { systemClock, type TimerHandle } from '../../../common/clock.js';
import type { RedisConfig } from '../redis.config.js';
import type { RedisPool } from '../redis.types.js';
import type { ProtectedData, RedisUsage, RedisWarning } from './redis-usage.types.js';
import { readUsage, setEvictionPolicy } from './usage-reader.js';
import { usageWarnings } from './usage-warnings.js';

/** While this instance does not use Redis, one in so many checks is made. */
const CHECKS_AT_REST = 10;

/** A watched Redis that is not the cache's. */
export interface StoreRedis {
  /** First words of its warnings: `'The Redis of sessions'`. */
  readonly name: string;
  readonly holds: ProtectedData;
}

/**
 * Checks Redis's memory, evictions and policy at intervals, and logs every new warning. When INFO is forbidden, it warns
 * once and has no usage.
 */
export class UsageWatcher implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Redis');
  private readonly protectedData: ProtectedData[];
  private latest: RedisUsage | undefined;
  private latestWarnings: readonly RedisWarning[] = [];
  private timer: TimerHandle | undefined;
  private detach = () => {};
  private isStopped = false;
  private usesAtCheck = -1;
  private skipped = 0;

  /** @param store given for a Redis that is a store, not a cache: its data must not be evicted. */
  constructor(
    private readonly pool: RedisPool | null,
    private readonly config: RedisConfig,
    private readonly store?: StoreRedis,
  ) {
    this.protectedData = store === undefined ? [] : [store.holds];
  }

  /** The usage of the last check; `undefined` before the first check, without Redis, and when INFO is forbidden. */
  get usage(): RedisUsage | undefined {
    return this.latest;
  }

  /** The warnings of the last check. */
  get warnings(): readonly RedisWarning[] {
    return this.latestWarnings;
  }

  /** Warns when the eviction policy may evict this data. */
  protect(data: ProtectedData): void {
    this.protectedData.push(data);
  }

  onApplicationBootstrap(): void {
    if (!this.pool || this.config.memoryPollMs === 0) return;
    // A server that is back may have lost its settings.
    this.detach = this.pool.monitor.onChange(({ from, to }) => {
      if (from !== 'down' || to === 'down') return;
      this.usesAtCheck = -1;
      this.schedule(0);
    });
    this.schedule(0);
  }

  onModuleDestroy(): void {
    this.isStopped = true;
    this.detach();
    this.timer?.cancel();
  }

  private schedule(delayMs: number): void {
    this.timer?.cancel();
    if (!this.isStopped) this.timer = systemClock.setTimer(() => void this.check(), delayMs);
  }

  private async check(): Promise<void> {
    const { pool } = this;
    const isAtRest = pool?.uses === this.usesAtCheck && ++this.skipped < CHECKS_AT_REST;
    if (pool?.monitor.canRead() && !isAtRest) this.report(await this.examine(pool));
    this.schedule(this.config.memoryPollMs);
  }

  private async examine(pool: RedisPool): Promise<readonly RedisWarning[]> {
    const {
      evictionPolicy: wanted,
      memoryLimitBytes,
      memoryWarnRatio: warnRatio,
      memoryCriticalRatio: criticalRatio,
    } = this.config;
    const before = this.latest;
    this.usesAtCheck = pool.uses;
    this.skipped = 0;
    const reading = await readUsage(pool.client('bulk', 'upkeep'), memoryLimitBytes);
    if ('unavailable' in reading) return this.latestWarnings;
    if ('denied' in reading) return [INFO_DENIED];
    this.latest = reading.usage;
    const policyWarnings: RedisWarning[] = [];
    if (wanted && reading.usage.evictionPolicy !== wanted) {
      if (await setEvictionPolicy(pool.client('bulk', 'upkeep'), wanted))
        this.latest = { ...reading.usage, evictionPolicy: wanted };
      else policyWarnings.push(policyNotSet(wanted));
    }
    const thresholds = { warnRatio, criticalRatio };
    const { latest, protectedData, store } = this;
    return [...policyWarnings, ...usageWarnings(latest, before, thresholds, protectedData, store === undefined)];
  }

  private report(warnings: readonly RedisWarning[]): void {
    const known = this.latestWarnings;
    this.latestWarnings = warnings;
    for (const { code, about, severity, message: text } of warnings) {
      if (known.some((warning) => warning.code === code && warning.about === about)) continue;
      const message = this.store ? `${this.store.name}: ${text}` : text;
      if (severity === 'info') this.logger.log(message);
      else if (severity === 'warning') this.logger.warn(message);
      else this.logger.error(message);
    }
  }
}

const INFO_DENIED: RedisWarning = {
  code: 'info-denied',
  severity: 'warning',
  message: "INFO is not permitted: Redis's memory, evictions and policy are not watched. Allow +info.",
};

const policyNotSet = (wanted: string): RedisWarning => ({
  code: 'policy-not-set',
  severity: 'warning',
  message: `maxmemory-policy could not be set to ${wanted}: CONFIG SET is not permitted. Set it where Redis is configured, or allow +config|set.`,
});
