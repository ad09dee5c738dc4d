import type { Clock } from '../../../common/clock.js';

/** Long enough for most outages; after it, an entry's ttl bounds what is served. */
const LIFETIME_MS = 300_000;
/** Past this the oldest are forgotten. */
const MAX_ITEMS = 100_000;

/**
 * Keys, tags and generations that other instances have invalidated while Redis refuses writes: what Redis holds of them is
 * old, and can't be removed yet. Lifted when the invalidation arrives through the log.
 */
export class Suppressed {
  readonly #untilMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** A memory key, or the id of a tag or generation. */
  has(name: string): boolean {
    if (this.#untilMs.size === 0) return false;
    const untilMs = this.#untilMs.get(name);
    return untilMs !== undefined && this.clock.nowMs() < untilMs;
  }

  add(name: string): void {
    this.#untilMs.delete(name);
    this.#untilMs.set(name, this.clock.nowMs() + LIFETIME_MS);
    if (this.#untilMs.size > MAX_ITEMS) this.#untilMs.delete(this.#untilMs.keys().next().value!);
  }

  lift(name: string): void {
    if (this.#untilMs.size > 0) this.#untilMs.delete(name);
  }
}
