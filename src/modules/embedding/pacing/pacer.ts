import type { Clock } from '../../../common/clock.js';
import { EmbeddingError } from '../embedding.error.js';
import { wait } from '../retry/wait.js';

const WINDOW_MS = 60_000;

/** What an upstream call uses up. */
export interface CallCost {
  readonly texts: number;
  readonly tokens: number;
}

interface Reservation extends CallCost {
  readonly atMs: number;
}

/**
 * Keeps upstream calls within so many texts and tokens in any minute: quotas count texts, not calls. Calls go in the order
 * they asked. A call that is larger than a whole minute's limit goes alone.
 */
export class Pacer {
  private readonly reservations: Reservation[] = [];
  private pausedUntilMs = 0;
  private readonly isLimited: boolean;

  constructor(
    /** In any 60 seconds; `Infinity` for no limit. */
    private readonly limits: CallCost,
    private readonly clock: Clock,
  ) {
    this.isLimited = Number.isFinite(limits.texts) || Number.isFinite(limits.tokens);
  }

  /**
   * Resolves when the call may go.
   *
   * @throws EmbeddingError `rate-limited`, at once, when that would take longer than `maxWaitMs`.
   */
  async acquire(cost: CallCost, maxWaitMs: number, signal: AbortSignal): Promise<void> {
    const atMs = this.earliest(cost);
    const waitMs = atMs - this.clock.nowMs();
    if (waitMs > maxWaitMs) {
      throw new EmbeddingError('rate-limited', 'The upstream quota of this minute is used up; slow down.', {
        retryAfterMs: waitMs,
      });
    }
    if (this.isLimited) this.reservations.push({ ...cost, atMs });
    for (let leftMs = waitMs; leftMs > 0; leftMs = Math.max(atMs, this.pausedUntilMs) - this.clock.nowMs()) {
      await wait(this.clock, leftMs, signal);
    }
  }

  /** Nobody goes for so long, in milliseconds: the upstream said so. */
  pause(delayMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.clock.nowMs() + delayMs);
  }

  private earliest(cost: CallCost): number {
    const nowMs = this.clock.nowMs();
    while (this.reservations[0] && this.reservations[0].atMs <= nowMs - WINDOW_MS) this.reservations.shift();
    let atMs = Math.max(nowMs, this.pausedUntilMs, this.reservations.at(-1)?.atMs ?? 0);
    for (const [index, { atMs: oldestMs }] of this.reservations.entries()) {
      if (
        this.fits(
          cost,
          this.reservations.slice(index).filter((made) => made.atMs > atMs - WINDOW_MS),
        )
      )
        break;
      atMs = Math.max(atMs, oldestMs + WINDOW_MS);
    }
    return atMs;
  }

  private fits(cost: CallCost, made: readonly Reservation[]): boolean {
    return (['texts', 'tokens'] as const).every(
      (unit) => made.reduce((sum, reservation) => sum + reservation[unit], cost[unit]) <= this.limits[unit],
    );
  }
}
