import { setTimeout as delay } from 'node:timers/promises';

/** How long {@link eventually} goes on. */
export interface EventuallyOptions {
  /** Gives up after this long, with the last failure. Default 30,000: only a hang takes so long, also on a busy machine. */
  timeoutMs?: number;
  /** Pause between two tries. Default 10. */
  intervalMs?: number;
}

/**
 * Repeats an assertion until it holds: what tests do instead of sleeping.
 *
 * @returns what the assertion returned when it held.
 * @throws the assertion's last failure once the time is over.
 * @example
 * await eventually(() => expect(pool.monitor.state).toBe('up'));
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 10 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await delay(intervalMs);
  }
}
