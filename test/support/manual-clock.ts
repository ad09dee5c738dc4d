import type { Clock, TimerHandle } from '../../src/common/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance; timers that fall due then fire in order. */
export class ManualClock implements Clock {
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
    const timer = { dueMs: this.currentMs + Math.max(0, delayMs), callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Moves time, firing what falls due; after each timer, what it set off by promises runs first. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.currentMs + ms;
    for (;;) {
      await settle();
      const [next] = [...this.timers].filter(({ dueMs }) => dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.timers.delete(next);
      this.currentMs = Math.max(this.currentMs, next.dueMs);
      next.callback();
    }
    this.currentMs = untilMs;
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
