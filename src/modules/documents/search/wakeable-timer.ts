import type { Clock } from '../../../common/clock.js';

/** Pauses of a loop. A pause may be one that {@link wake} ends; {@link stop} ends every pause. */
export class WakeableTimer {
  private end: () => void = () => {};
  private isWakeable = false;
  private isWoken = false;
  private isStopped = false;

  constructor(private readonly clock: Clock) {}

  /** Resolves after `delayMs`. A wakeable pause ends at the first {@link wake} since the last one ended. */
  async wait(delayMs: number, isWakeable: boolean): Promise<void> {
    if (!this.isStopped && !(isWakeable && this.isWoken)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.end = resolve;
      this.isWakeable = isWakeable;
      const timer = this.clock.setTimer(resolve, delayMs);
      await promise;
      timer.cancel();
    }
    if (isWakeable) this.isWoken = false;
    this.isWakeable = false;
  }

  wake(): void {
    this.isWoken = true;
    if (this.isWakeable) this.end();
  }

  /** Ends the pause; there are no more. */
  stop(): void {
    this.isStopped = true;
    this.end();
  }
}
