import { BoundedMap } from '../../../../common/bounded-map.js';
import type { Clock } from '../../../../common/clock.js';

/** Each failure in a row doubles the time until the next load, up to this. */
const MAX_BACKOFF_MS = 30_000;
/** Past this the oldest keys are forgotten. */
const MAX_KEYS = 10_000;

/** Loads of one key that failed in a row. */
interface Failures {
  readonly count: number;
  /** Until then a stale value is served without a load. */
  readonly untilMs: number;
}

/**
 * Remembers the keys whose load failed while there was a stale value. A source that fails is not asked again by every read:
 * the stale value is served at once until the time is over. Then one load tries again.
 */
export class FailureThrottle {
  readonly #failures = new BoundedMap<string, Failures>(MAX_KEYS);

  constructor(private readonly clock: Clock) {}

  /** True while the key is not to be loaded if a stale value can be served. */
  isActive(memoryKey: string): boolean {
    if (this.#failures.size === 0) return false;
    const failures = this.#failures.get(memoryKey);
    return failures !== undefined && this.clock.nowMs() < failures.untilMs;
  }

  /** A load has failed. @param throttleMs time without a load after the first failure; 0: none. */
  failed(memoryKey: string, throttleMs: number): void {
    if (throttleMs === 0) return;
    const nowMs = this.clock.nowMs();
    const last = this.#failures.get(memoryKey);
    // Failures of long ago say nothing about the source now.
    const count = last === undefined || nowMs >= last.untilMs + MAX_BACKOFF_MS ? 1 : last.count + 1;
    const delayMs = Math.max(throttleMs, Math.min(MAX_BACKOFF_MS, throttleMs * 2 ** (count - 1)));
    this.#failures.set(memoryKey, { count, untilMs: nowMs + delayMs });
  }

  succeeded(memoryKey: string): void {
    if (this.#failures.size > 0) this.#failures.delete(memoryKey);
  }
}
