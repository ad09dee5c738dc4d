import type { Clock, TimerHandle } from '../../src/common/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock on which waiting takes no time: when nothing else is left to do, it jumps to the next timer. */
export class SkippingClock implements Clock {
  private readonly timers = new Set<Timer>();

  constructor(
    private currentMs = 0,
    private readonly epochMs = Date.UTC(2026, 0, 15, 12),
  ) {}

  nowMs(): number {
    return this.currentMs;
  }

  wallMs(): number {
    return this.epochMs + this.currentMs;
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer = { dueMs: this.currentMs + delayMs, callback };
    this.timers.add(timer);
    setImmediate(() => this.skip());
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Lets time pass without running timers. */
  advance(ms: number): void {
    this.currentMs += ms;
  }

  private skip(): void {
    const [next] = [...this.timers].sort((a, b) => a.dueMs - b.dueMs);
    if (!next) return;
    this.timers.delete(next);
    this.currentMs = Math.max(this.currentMs, next.dueMs);
    next.callback();
  }
}
