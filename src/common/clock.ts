/**
 * The source of time. Code that measures time or waits takes a `Clock`, so that tests can move time instead of sleeping.
 *
 * `nowMs` never goes backwards and is not affected by a change of the system's wall clock; it says nothing about the
 * date. `wallMs` is the date (milliseconds since the epoch) and may jump.
 */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since the epoch by the system's clock. */
  wallMs(): number;
  /** Runs `callback` once after `delayMs`. The timer never keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): TimerHandle;
}

/** A pending timer. */
export interface TimerHandle {
  /** Cancels the timer; a second call, or one after it fired, does nothing. */
  cancel(): void;
}

/** Node waits at most this long in one timer (2^31 - 1 ms); longer delays fire at once, so they are capped. */
const MAX_TIMER_MS = 2_147_483_647;

/** The process's own clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
