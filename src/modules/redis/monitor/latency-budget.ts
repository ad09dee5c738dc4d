/** Bounds of a read's patience with Redis. */
export interface BudgetSettings {
  /** Never less than this, ms: less would take a busy tick for an outage. Default 10. */
  floorMs: number;
  /** Never more than this, ms, unless the network itself is slower. Default 50. */
  capMs: number;
}

export const DEFAULT_BUDGET_SETTINGS: BudgetSettings = { floorMs: 10, capMs: 50 };

/** However slow the network, no read waits longer than this. */
const HARD_CAP_MS = 1_000;

/**
 * How long to wait for a read: smoothed latency plus four times its mean deviation, as TCP decides when to send again
 * (Jacobson 1988, RFC 6298).
 *
 * Only answered reads are samples, so a network that became slower than the budget would never teach it. The probe, which
 * has more patience, does: {@link seed} starts anew from what it measured, and lifts the cap to three times that.
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

  /** A read was answered after `latencyMs`. */
  record(latencyMs: number): void {
    this.deviationMs += (Math.abs(latencyMs - this.smoothedMs) - this.deviationMs) / 4;
    this.smoothedMs += (latencyMs - this.smoothedMs) / 8;
    this.update();
  }

  /** The probe was answered after `latencyMs`. */
  seed(latencyMs: number): void {
    this.smoothedMs = latencyMs;
    this.deviationMs = latencyMs / 2;
    this.capMs = Math.min(Math.max(this.settings.capMs, 3 * latencyMs), HARD_CAP_MS);
    this.update();
  }

  private update(): void {
    const { floorMs } = this.settings;
    this.budget = Math.max(floorMs, Math.min(this.smoothedMs + 4 * this.deviationMs, this.capMs));
  }
}
