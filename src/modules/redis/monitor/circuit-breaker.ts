import type { Clock } from '../../../common/clock.js';

/** When a breaker opens. */
export interface BreakerSettings {
  /** This number of failures without a success between them opens it, if they span at least `spanMs`, waiting time included. `Infinity` turns this rule off. Default 3. */
  consecutive: number;
  /** A shorter burst is caused by this process (a long tick, a garbage collection), not by Redis. Default 50. */
  spanMs: number;
  /** Length of a window. A share of failures of at least `ratio` among at least `samples` outcomes of a window opens it too. Default 1,000. */
  windowMs: number;
  /** Share of failures that opens it. Default 0.5. */
  ratio: number;
  /** Fewest outcomes of a window that count. Default 20. */
  samples: number;
}

export const DEFAULT_BREAKER_SETTINGS: BreakerSettings = {
  consecutive: 3,
  spanMs: 50,
  windowMs: 1_000,
  ratio: 0.5,
  samples: 20,
};

/** Decides from outcomes of commands whether the next one would fail too. Its owner reacts when it opens, and closes it with {@link reset}. */
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
   * Returns whether the failures so far open the breaker.
   *
   * @param waitedMs how long the failed command had waited, if known.
   */
  recordFailure(waitedMs = 0): boolean {
    const nowMs = this.clock.nowMs();
    if (this.failuresInARow++ === 0) this.firstFailureMs = nowMs - waitedMs;
    if (nowMs - this.windowStartMs > this.settings.windowMs) this.startWindow(nowMs);
    this.windowFailures++;
    this.windowOutcomes++;
    return this.areTooManyInARow(nowMs) || this.areTooManyInTheWindow();
  }

  /** Closes the breaker and discards its counts. */
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
