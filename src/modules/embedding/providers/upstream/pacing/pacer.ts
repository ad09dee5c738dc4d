import type { Clock } from '../../../../../common/clock.js';
import { EmbeddingError } from '../../../embedding.error.js';
import { wait } from '../retry/wait.js';
import type { CallCost } from './call-cost.js';
import type { SharedPaceWindow } from './shared-pace-window.js';
import { PaceWindow } from './pace-window.js';
import type { Reservation } from './reservation.js';

/**
 * Keeps upstream calls within a number of texts and tokens in any minute, in the order of their requests. With Redis all
 * instances share the quota; without it, or while it is away, each instance has its own. Without a limit Redis is not used.
 */
export class Pacer {
  private readonly window: PaceWindow;
  private readonly isLimited: boolean;
  private pausedUntilMs = 0;

  constructor(
    /** Per 60 seconds; `Infinity` for no limit. */
    limits: CallCost,
    private readonly clock: Clock,
    private readonly sharedWindow?: SharedPaceWindow,
  ) {
    this.window = new PaceWindow(limits);
    this.isLimited = Number.isFinite(limits.texts) || Number.isFinite(limits.tokens);
  }

  /**
   * Resolves when the call may be sent.
   *
   * @throws EmbeddingError `rate-limited`, at once, when that would take longer than `maxWaitMs`.
   */
  async acquire(cost: CallCost, maxWaitMs: number, signal: AbortSignal): Promise<void> {
    const pauseMs = this.pausedUntilMs - this.clock.nowMs();
    const { isReserved, waitMs } =
      pauseMs > maxWaitMs ? { isReserved: false, waitMs: pauseMs } : await this.reserve(cost, maxWaitMs);
    if (!isReserved) {
      throw new EmbeddingError('rate-limited', 'The upstream quota of this minute is used up; slow down.', {
        retryAfterMs: waitMs,
      });
    }
    const atMs = this.clock.nowMs() + waitMs;
    for (;;) {
      const leftMs = Math.max(atMs, this.pausedUntilMs) - this.clock.nowMs();
      if (leftMs <= 0) return;
      await wait(this.clock, leftMs, signal);
    }
  }

  /** Sends no call for `delayMs`, as the upstream asked. */
  async pause(delayMs: number): Promise<void> {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.clock.nowMs() + delayMs);
    if (this.isLimited) await this.sharedWindow?.pause(delayMs);
  }

  private async reserve(cost: CallCost, maxWaitMs: number): Promise<Reservation> {
    if (!this.isLimited) return { isReserved: true, waitMs: 0 };
    const shared = await this.sharedWindow?.reserve(cost, maxWaitMs);
    if (shared === undefined) return this.window.reserve(cost, this.clock.nowMs(), maxWaitMs);
    // Counted here too, in case Redis goes away.
    if (shared.isReserved) this.window.note(cost, this.clock.nowMs() + shared.waitMs);
    return shared;
  }
}
