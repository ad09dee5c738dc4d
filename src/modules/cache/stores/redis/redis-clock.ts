import type { Clock } from '../../../../common/clock.js';

/**
 * Redis's time as this process knows it: its own monotonic clock plus an offset. Every answer that carries a time
 * bounds the offset (it was read after the question left and before the answer came), and the offset moves only when it
 * lies outside; so it is right to within half a round trip and never jumps with the system's clock.
 */
export class RedisClock {
  #offsetMs: number;
  #isSynchronised = false;

  constructor(private readonly clock: Clock) {
    this.#offsetMs = clock.wallMs() - clock.nowMs();
  }

  nowMs(): number {
    return this.clock.nowMs() + this.#offsetMs;
  }

  /** Redis said `redisMs` in an answer to a question asked at `askedAtMs` (this process's monotonic clock). */
  observe(askedAtMs: number, redisMs: number): void {
    const highest = redisMs - askedAtMs;
    const lowest = redisMs - this.clock.nowMs();
    if (!this.#isSynchronised) this.#offsetMs = (highest + lowest) / 2;
    else this.#offsetMs = Math.min(highest, Math.max(lowest, this.#offsetMs));
    this.#isSynchronised = true;
  }
}
