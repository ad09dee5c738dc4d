import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../common/clock.js';
import { cacheConfig, type CacheConfigValues } from '../../cache/index.js';
import { REDIS_POOL } from '../../redis/index.js';
import type { RedisPool } from '../../redis/index.js';
import { CLOCK } from '../embedding.tokens.js';

/** The state of a window. */
export interface WindowCount {
  readonly count: number;
  /** Time until the window ends and counting begins again, in milliseconds. */
  readonly resetMs: number;
}

interface LocalWindow {
  count: number;
  readonly endsAtMs: number;
}

/** Above this size the local map is cleared of windows that have ended. */
const SWEEP_ABOVE = 1_000;

/**
 * Counts in fixed windows, shared by all instances through Redis. While Redis is away each instance counts for itself:
 * limits then grow with the number of instances, but no request is refused because of an outage.
 */
@Injectable()
export class WindowCounter {
  private readonly windows = new Map<string, LocalWindow>();

  constructor(
    @Inject(REDIS_POOL) private readonly pool: RedisPool | null,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(cacheConfig.KEY) private readonly config: Pick<CacheConfigValues, 'namespace'>,
  ) {}

  /** Adds to the window named `key`, which begins with its first use and lasts `windowMs`. Never throws. */
  async add(key: string, amount: number, windowMs: number): Promise<WindowCount> {
    if (!this.pool?.monitor.canWrite()) return this.addLocally(key, amount, windowMs);
    try {
      return await addInRedis(this.pool, `${this.config.namespace}:limits:${key}`, amount, windowMs);
    } catch (error) {
      this.pool.monitor.recordFailure('write', causeOf(error));
      return this.addLocally(key, amount, windowMs);
    }
  }

  private addLocally(key: string, amount: number, windowMs: number): WindowCount {
    const nowMs = this.clock.nowMs();
    let window = this.windows.get(key);
    if (!window || window.endsAtMs <= nowMs) {
      if (this.windows.size > SWEEP_ABOVE) this.sweep(nowMs);
      window = { count: 0, endsAtMs: nowMs + windowMs };
      this.windows.set(key, window);
    }
    window.count += amount;
    return { count: window.count, resetMs: window.endsAtMs - nowMs };
  }

  private sweep(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.windows) if (endsAtMs <= nowMs) this.windows.delete(key);
  }
}

/** EXECABORT only says that a command before it failed. */
function causeOf(error: unknown): unknown {
  return (error as { previousErrors?: readonly unknown[] }).previousErrors?.[0] ?? error;
}

async function addInRedis(pool: RedisPool, key: string, amount: number, windowMs: number): Promise<WindowCount> {
  // SET NX comes before INCRBY, so that a counter never exists without its expiry.
  const replies = await pool
    .client('fast')
    .multi()
    .set(key, 0, 'PX', windowMs, 'NX')
    .incrby(key, amount)
    .pttl(key)
    .exec();
  const refused = replies?.find(([error]) => error !== null)?.[0];
  if (refused) throw refused;
  const [, [, count] = [], [, resetMs] = []] = replies ?? [];
  if (typeof count !== 'number' || typeof resetMs !== 'number')
    throw new TypeError('not the replies of INCRBY and PTTL');
  return { count, resetMs: Math.max(0, resetMs) };
}
