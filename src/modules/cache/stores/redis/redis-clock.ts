import type { Clock } from '../../../../common/clock.js';

/**
 * Redis's time as this process knows it: its own monotonic clock plus an offset. Every answer that carries a time
 * bounds the offset (it was read after the question left and before the answer came), and the offset moves only when it
 * lies outside; so it is right to within half a round trip and never jumps with the system's clock.
 *
 * Per partition: in a Cluster each may lie on a server of its own, whose clock need not agree with the others'.
 */
export class RedisClock {
  readonly #offsetsMs: Float64Array;
  readonly #isKnown: Uint8Array;
  #unknown: number;

  constructor(
    private readonly clock: Clock,
    partitions: number,
  ) {
    this.#offsetsMs = new Float64Array(partitions).fill(clock.wallMs() - clock.nowMs());
    this.#isKnown = new Uint8Array(partitions);
    this.#unknown = partitions;
  }

  /** Whether Redis has told its time of this partition yet; until then it is this process's date. */
  isKnown(partition: number): boolean {
    return this.#isKnown[partition] === 1;
  }

  /** Whether it has of all. */
  get isComplete(): boolean {
    return this.#unknown === 0;
  }

  nowMs(partition: number, localMs = this.clock.nowMs()): number {
    return localMs + this.#offsetsMs[partition]!;
  }

  /** Redis said `redisMs` in an answer to a question asked at `askedAtMs` (this process's monotonic clock). */
  observe(partition: number, askedAtMs: number, redisMs: number): void {
    const highest = redisMs - askedAtMs;
    const lowest = redisMs - this.clock.nowMs();
    if (this.isKnown(partition)) {
      this.#offsetsMs[partition] = Math.min(highest, Math.max(lowest, this.#offsetsMs[partition]!));
    } else {
      this.#offsetsMs[partition] = (highest + lowest) / 2;
      this.#isKnown[partition] = 1;
      this.#unknown--;
    }
  }
}
