import type { Clock } from '../../../common/clock.js';

/** When outcomes mean that the next command would fail too. */
export interface BreakerSettings {
  /** This many failures without a success between them open it, once they span `spanMs`, waiting included. `Infinity` turns it off. Default 3. */
  consecutive: number;
  /** A shorter burst is a hiccup of ours (a long tick, a collection), not of Redis. Default 50. */
  spanMs: number;
  /** Within one such window, a share of failures of at least `ratio` among at least `samples` outcomes opens it too. Default 1,000. */
  windowMs: number;
  /** Default 0.5. */
  ratio: number;
  /** Default 20. */
  samples: number;
}

export const DEFAULT_BREAKER_SETTINGS: BreakerSettings = {
  consecutive: 3,
  spanMs: 50,
  windowMs: 1_000,
  ratio: 0.5,
  samples: 20,
};

/** Judges a row of outcomes. Whoever owns it decides what to do once it opens, and when it closes again: {@link reset}. */
export class CircuitBreaker {
  private failuresInARow = 0;
  private firstFailureMs = 0;
  private windowStartMs: number;
  private windowFailures = 0;
  private windowOutcomes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly settings: BreakerSettings,
  ) {
    this.windowStartMs = clock.nowMs();
  }

  recordSuccess(): void {
    this.failuresInARow = 0;
    this.windowOutcomes++;
  }

  /**
   * Whether the failures so far are enough to open.
   *
   * @param waitedMs how long the one that failed now had waited, where it is known.
   */
  recordFailure(waitedMs = 0): boolean {
    const nowMs = this.clock.nowMs();
    if (this.failuresInARow++ === 0) this.firstFailureMs = nowMs - waitedMs;
    if (nowMs - this.windowStartMs > this.settings.windowMs) this.startWindow(nowMs);
    this.windowFailures++;
    this.windowOutcomes++;
    return this.areTooManyInARow(nowMs) || this.areTooManyInTheWindow();
  }

  /** Forgets what happened: commands go through again. */
  reset(): void {
    this.failuresInARow = 0;
    this.startWindow(this.clock.nowMs());
  }

  private areTooManyInARow(nowMs: number): boolean {
    return this.failuresInARow >= this.settings.consecutive && nowMs - this.firstFailureMs >= this.settings.spanMs;
  }

  private areTooManyInTheWindow(): boolean {
    return (
      this.windowOutcomes >= this.settings.samples && this.windowFailures >= this.settings.ratio * this.windowOutcomes
    );
  }

  private startWindow(nowMs: number): void {
    this.windowStartMs = nowMs;
    this.windowFailures = 0;
    this.windowOutcomes = 0;
  }
}
