import { hash } from 'node:crypto';
import { loadScripts, type RedisPool, runScript } from '../../../../redis/index.js';
import type { CallCost } from './call-cost.js';
import type { Reservation } from './reservation.js';

const scripts = loadScripts(new URL('./scripts/', import.meta.url), { reserve: 'reserve' });

/** Whose quota it is. */
export interface QuotaOwner {
  readonly provider: string;
  /** Where the provider is reached. */
  readonly origin: string;
  readonly model: string;
}

/** A minute's quota that all instances on one Redis keep together. Never throws: `undefined` while Redis is away. */
export class SharedPaceWindow {
  private readonly key: string;

  constructor(
    private readonly pool: RedisPool,
    { provider, origin, model }: QuotaOwner,
    private readonly limits: CallCost,
  ) {
    this.key = `larder:pace:${provider}:${hash('sha256', JSON.stringify([origin, model]), 'base64url')}`;
  }

  /** Takes the next place, unless that is more than `maxWaitMs` away. */
  reserve(cost: CallCost, maxWaitMs: number): Promise<Reservation | undefined> {
    return this.run(cost, maxWaitMs, 0);
  }

  /** Nobody gets a place before `delayMs` are over. */
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
