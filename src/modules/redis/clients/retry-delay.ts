/** Bounds of the pauses between attempts. */
export interface RetryDelays {
  /** Longest pause before the first retry, ms. */
  readonly baseMs: number;
  /** Longest pause before any retry, ms. */
  readonly capMs: number;
}

/**
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): a random time between 1 ms
 * and `base · 2^(attempt - 1)`, capped, so that instances that lost Redis at the same time don't reconnect at the same time.
 *
 * @param attempt 1 for the first retry.
 */
export function retryDelayMs(
  attempt: number,
  { baseMs, capMs }: RetryDelays,
  random: () => number = Math.random,
): number {
  const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return 1 + Math.floor(random() * ceilingMs);
}
