import type { Clock } from '../../../../common/clock.js';

/** The readers that wait for a slot which another instance has leased. */
export class WakeUps {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  /** Resolves at the next {@link wake} of the key or when the signal aborts, at the latest after `maxMs`. */
  wait(memoryKey: string, maxMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(memoryKey) ?? new Set();
      this.#waiting.set(memoryKey, waiting);
      const wake = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(memoryKey) === waiting) this.#waiting.delete(memoryKey);
        resolve();
      };
      const timer = this.clock.setTimer(wake, maxMs);
      waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  wake(memoryKey: string): void {
    const waiting = this.#waiting.get(memoryKey);
    if (waiting !== undefined) for (const wake of [...waiting]) wake();
  }
}
