import type { Clock } from '../../../../../common/clock.js';
import { EmbeddingError } from '../../../embedding.error.js';
import { RetryableError } from './retryable.error.js';
import { wait } from './wait.js';

/** Limits and delays of retries. */
export interface RetryPolicy {
  /** Time for all attempts and the waits between them, in milliseconds. */
  readonly budgetMs: number;
  /** Largest wait before the second attempt, in milliseconds; it doubles with every attempt. Default 500. */
  readonly baseMs?: number;
  /** Largest wait before any attempt, in milliseconds. Default 30,000. */
  readonly capMs?: number;
  readonly clock: Clock;
  /** 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Calls `attempt` until it succeeds, fails with an error other than a {@link RetryableError}, or the budget would be
 * exceeded. Waits are exponential with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015), and never
 * shorter than the delay the upstream asked for.
 *
 * @throws the error of the last attempt (for a RetryableError its `outcome`); the signal's reason when it aborts.
 */
export async function retry<T>(
  attempt: (remainingMs: number) => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  const { budgetMs, baseMs = 500, capMs = 30_000, clock, random = Math.random } = policy;
  const deadlineMs = clock.nowMs() + budgetMs;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt(deadlineMs - clock.nowMs());
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      const backoffMs = random() * Math.min(capMs, baseMs * 2 ** failures);
      const delayMs = Math.max(backoffMs, error.retryAfterMs ?? 0);
      if (clock.nowMs() + delayMs >= deadlineMs) throw withRetryAfter(error.outcome, delayMs);
      await wait(clock, delayMs, signal);
    }
  }
}

function withRetryAfter({ kind, message, cause, retryAfterMs }: EmbeddingError, delayMs: number): EmbeddingError {
  return new EmbeddingError(kind, message, { retryAfterMs: retryAfterMs ?? delayMs, cause });
}
