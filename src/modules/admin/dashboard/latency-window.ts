import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '../../../common/clock.js';

/** Latencies of recent requests, in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const HALF_MS = 30_000;

/** Latencies of the last half to one minute, in two histograms. Every half minute the older one is discarded. */
export class LatencyWindow {
  private current: RecordableHistogram = createHistogram();
  private previous: RecordableHistogram = createHistogram();
  private turnsAtMs: number;

  constructor(private readonly clock: Clock) {
    this.turnsAtMs = clock.nowMs() + HALF_MS;
  }

  record(durationMs: number): void {
    this.turn();
    this.current.record(Math.max(1, Math.round(durationMs * 1_000)));
  }

  summary(): LatencySummary {
    this.turn();
    const both = createHistogram();
    both.add(this.previous);
    both.add(this.current);
    if (both.count === 0) return { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
    return {
      count: both.count,
      p50Ms: both.percentile(50) / 1_000,
      p99Ms: both.percentile(99) / 1_000,
      maxMs: both.max / 1_000,
    };
  }

  private turn(): void {
    const lateMs = this.clock.nowMs() - this.turnsAtMs;
    if (lateMs < 0) return;
    this.previous = lateMs < HALF_MS ? this.current : createHistogram();
    this.current = createHistogram();
    this.turnsAtMs = this.clock.nowMs() + HALF_MS;
  }
}
