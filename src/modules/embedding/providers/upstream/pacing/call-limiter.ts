import type { Clock, TimerHandle } from '../../../../../common/clock.js';
import { EmbeddingError } from '../../../embedding.error.js';

/** Lets at most so many calls run at once, whoever makes them; more wait in the order they came. */
export class CallLimiter {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  /** @throws EmbeddingError `upstream-unavailable` after `maxWaitMs`; the signal's reason when it aborts while waiting. */
  async run<T>(call: () => Promise<T>, maxWaitMs: number, signal: AbortSignal): Promise<T> {
    if (this.running >= this.limit) await this.waitForPermit(maxWaitMs, signal);
    else this.running += 1;
    try {
      return await call();
    } finally {
      const [next] = this.waiting;
      // Whoever waited longest takes over the place: nobody who comes now gets in between.
      if (next) next();
      else this.running -= 1;
    }
  }

  private waitForPermit(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(go);
      };
      const go = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new EmbeddingError('upstream-unavailable', 'Too many texts wait for the upstream; try again later.'),
        );
      };
      const timer: TimerHandle = this.clock.setTimer(giveUp, maxWaitMs);
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.add(go);
    });
  }
}
