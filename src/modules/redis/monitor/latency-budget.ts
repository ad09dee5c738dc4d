/** Bounds of the time a read waits for Redis. */
export interface BudgetSettings {
  /** Shortest budget, ms. With less a busy tick would count as an outage. Default 10. */
  floorMs: number;
  /** Longest budget, ms, unless the network itself is slower. Default 50. */
  capMs: number;
  /** An answer that does not come within the budget is waited for this long by callers without a loader, ms. Default 500. */
  lateMs: number;
}

export const DEFAULT_BUDGET_SETTINGS: BudgetSettings = { floorMs: 10, capMs: 50, lateMs: 500 };

/** No read waits longer than this, however slow the network is. */
const HARD_CAP_MS = 1_000;

/**
 * How long to wait for a read: smoothed latency plus four times its mean deviation, as TCP computes its retransmission
 * timeout (Jacobson 1988, RFC 6298).
 *
 * Answers past the budget are samples too, but the cap would keep the budget below a network that has become slower. The probe
 * waits longer than any read: {@link adaptCap} raises the cap to three times its latency.
 */
export class LatencyBudget {
  private smoothedMs = 0;
  private deviationMs = 0;
  private capMs: number;
  private budget: number;

  constructor(private readonly settings: BudgetSettings) {
    this.capMs = settings.capMs;
    this.budget = settings.capMs;
  }

  /** The budget now, ms. */
  get ms(): number {
    return this.budget;
  }

  /** Records an answered read. */
  record(latencyMs: number): void {
    this.deviationMs += (Math.abs(latencyMs - this.smoothedMs) - this.deviationMs) / 4;
    this.smoothedMs += (latencyMs - this.smoothedMs) / 8;
    this.update();
  }

  /** Starts again from the latency of an answered probe. */
  seed(latencyMs: number): void {
    this.smoothedMs = latencyMs;
    this.deviationMs = latencyMs / 2;
    this.adaptCap(latencyMs);
  }

  /** Sets the cap to three times the latency of the network, as a probe has measured it; to `capMs` of the settings at least. */
  adaptCap(latencyMs: number): void {
    this.capMs = Math.min(Math.max(this.settings.capMs, 3 * latencyMs), HARD_CAP_MS);
    this.update();
  }

  private update(): void {
    const { floorMs } = this.settings;
    this.budget = Math.max(floorMs, Math.min(this.smoothedMs + 4 * this.deviationMs, this.capMs));
  }
}
