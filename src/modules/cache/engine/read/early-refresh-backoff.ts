import type { Clock } from '../../../../common/clock.js';

/** Another instance's refresh, or a source that fails, gets this long. */
const PAUSE_MS = 1_000;
/** Past this the oldest are forgotten. */
const MAX_KEYS = 10_000;

/**
 * Keys whose early refresh came to nothing lately: another instance has the lease, or the loader failed. An entry near
 * its end is due at nearly every hit, and none of them is to ask again at once.
 */
export class RefreshRefusals {
  readonly #untilMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  has(memoryKey: string): boolean {
    const untilMs = this.#untilMs.get(memoryKey);
    if (untilMs === undefined) return false;
    if (this.clock.nowMs() < untilMs) return true;
    this.#untilMs.delete(memoryKey);
    return false;
  }

  add(memoryKey: string): void {
    this.#untilMs.delete(memoryKey);
    this.#untilMs.set(memoryKey, this.clock.nowMs() + PAUSE_MS);
    if (this.#untilMs.size > MAX_KEYS) this.#untilMs.delete(this.#untilMs.keys().next().value!);
  }
}
