import { hash } from 'node:crypto';
import { loadScripts, readScripts, type RedisPool, runScript } from '../../../../redis/index.js';
import type { CallCost } from './call-cost.js';
import type { QuotaStore } from './quota-store.js';
import type { Reservation } from './reservation.js';

const scripts = loadScripts(readScripts(new URL('./scripts/', import.meta.url)), { reserve: 'reserve' });

/** Identifies a quota. */
export interface QuotaOwner {
  readonly provider: string;
  /** Address of the provider. */
  readonly origin: string;
  readonly model: string;
}

/** A quota per minute that all instances on one Redis share. Never throws; answers `undefined` while Redis is away. */
export class SharedPaceWindow {
  private readonly key: string;
  private readonly pool: RedisPool;

  constructor(
    { pool, namespace }: QuotaStore,
    { provider, origin, model }: QuotaOwner,
    private readonly limits: CallCost,
  ) {
    this.pool = pool;
    this.key = `${namespace}:pace:${provider}:${hash('sha256', JSON.stringify([origin, model]), 'base64url')}`;
  }

  /** Schedules a call at the next possible time, unless that is more than `maxWaitMs` away. */
  reserve(cost: CallCost, maxWaitMs: number): Promise<Reservation | undefined> {
    return this.run(cost, maxWaitMs, 0);
  }

  /** No call is scheduled for the next `delayMs`. */
  async pause(delayMs: number): Promise<void> {
    await this.run({ texts: 0, tokens: 0 }, Number.POSITIVE_INFINITY, delayMs);
  }

  private async run(cost: CallCost, maxWaitMs: number, pauseMs: number): Promise<Reservation | undefined> {
    const { monitor } = this.pool;
    if (!monitor.canWrite()) return undefined;
    const limit = (unit: keyof CallCost) => (Number.isFinite(this.limits[unit]) ? this.limits[unit] : 0);
    try {
      const reply = await runScript(
        this.pool.client('fast'),
        scripts.reserve,
        [this.key],
        [
          cost.texts,
          cost.tokens,
          limit('texts'),
          limit('tokens'),
          Math.floor(Math.min(maxWaitMs, Number.MAX_SAFE_INTEGER)),
          Math.ceil(pauseMs),
        ],
      );
      if (!Array.isArray(reply)) return undefined;
      return { isReserved: reply[0] === 1, waitMs: Number(reply[1]) };
    } catch (error) {
      monitor.recordFailure('write', error);
      return undefined;
    }
  }
}
