import type { Clock, TimerHandle } from '../../../../../common/clock.js';
import { EmbeddingError } from '../../../embedding.error.js';

/** Limits the number of concurrent calls. Further calls wait in the order in which they came. */
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
      // The call that waited longest takes over this permit, so that a new call can't overtake it.
      if (next) next();
      else this.running -= 1;
    }
  }

  private waitForPermit(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stopWaiting = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', fail);
        this.waiting.delete(proceed);
      };
      const proceed = (): void => {
        stopWaiting();
        resolve();
      };
      const fail = (): void => {
        stopWaiting();
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new EmbeddingError('upstream-unavailable', 'Too many texts wait for the upstream; try again later.'),
        );
      };
      const timer: TimerHandle = this.clock.setTimer(fail, maxWaitMs);
      signal.addEventListener('abort', fail, { once: true });
      this.waiting.add(proceed);
    });
  }
}
