import type { Clock } from '../../../../common/clock.js';
import type { Waiter } from '../../engine/ports/remote-tier.js';

/** The readers that wait for a slot which another instance has leased. */
export class WakeUps {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  /** Resolves at the next {@link wake} of the key or when the waiter is abandoned, at the latest after `maxMs`. */
  wait(memoryKey: string, maxMs: number, waiter: Waiter): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(memoryKey) ?? new Set();
      this.#waiting.set(memoryKey, waiting);
      const wake = (): void => {
        timer.cancel();
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(memoryKey) === waiting) this.#waiting.delete(memoryKey);
        resolve();
      };
      // Whole milliseconds: Node keeps a list of timers for each length.
      const timer = this.clock.setTimer(wake, Math.ceil(maxMs));
      waiting.add(wake);
      waiter.onAbandoned(wake);
    });
  }

  wake(memoryKey: string): void {
    const waiting = this.#waiting.get(memoryKey);
    if (waiting !== undefined) for (const wake of [...waiting]) wake();
  }
}
