import type { Clock, TimerHandle } from '../../common/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

const WALL_START_MS = Date.UTC(2026, 0, 15, 12);

/** A clock that stands still until a test advances it. Give it to `createCache({ clock })`. */
export class TestClock implements Clock {
  private readonly timers = new Set<Timer>();

  /** @param currentMs what `nowMs` returns at first. */
  constructor(private currentMs = 0) {}

  /** A clock on which waiting takes no time: when nothing else is left to do, it jumps to the next timer. */
  static skippingWaits(): TestClock {
    return new SkippingClock();
  }

  /** Timers that have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  nowMs(): number {
    return this.currentMs;
  }

  wallMs(): number {
    return WALL_START_MS + this.currentMs;
  }

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const timer = { dueMs: this.currentMs + (delayMs > 0 ? delayMs : 0), callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Moves time and fires the timers that fall due, in order. What a timer sets off by promises runs before the next one. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.currentMs + ms;
    for (;;) {
      await settle();
      if (!this.fireNext(untilMs)) break;
    }
    this.currentMs = untilMs;
  }

  /** Moves time at once, without firing timers. */
  jump(ms: number): void {
    this.currentMs += ms;
  }

  /** Fires the next timer due by `untilMs`; false when there is none. */
  protected fireNext(untilMs: number): boolean {
    const [next] = [...this.timers].filter(({ dueMs }) => dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs);
    if (!next) return false;
    this.timers.delete(next);
    this.currentMs = Math.max(this.currentMs, next.dueMs);
    next.callback();
    return true;
  }
}

class SkippingClock extends TestClock {
  override setTimer(callback: () => void, delayMs: number): TimerHandle {
    setImmediate(() => this.fireNext(Infinity));
    return super.setTimer(callback, delayMs);
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
