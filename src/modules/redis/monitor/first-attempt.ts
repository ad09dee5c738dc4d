import type { Clock, TimerHandle } from '../../../common/clock.js';

/**
 * The first attempt to connect. It ends when Redis is trusted, when it is known that Redis can't be had, or when the time
 * is over. Until then the first commands of a process are worth holding back: a moment later they succeed.
 */
export class FirstAttempt {
  #over: Promise<void> | undefined;
  #end: () => void = () => undefined;
  readonly #timer: TimerHandle;

  /** @param maxMs it ends after this at the latest, milliseconds. */
  constructor(clock: Clock, maxMs: number) {
    this.#over = new Promise((resolve) => (this.#end = resolve));
    this.#timer = clock.setTimer(() => this.end(), maxMs);
  }

  /** Resolves when the attempt is over; `undefined` once it is. */
  get over(): Promise<void> | undefined {
    return this.#over;
  }

  end(): void {
    this.#timer.cancel();
    this.#over = undefined;
    this.#end();
  }
}
