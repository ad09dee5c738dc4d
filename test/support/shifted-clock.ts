import { type Clock, systemClock } from '../../src/common/clock.js';

/** The system's clock, which a test can move forward: a load takes as long as the test says. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;

  shift(ms: number): void {
    this.#shiftMs += ms;
  }

  nowMs(): number {
    return systemClock.nowMs() + this.#shiftMs;
  }

  wallMs(): number {
    return systemClock.wallMs() + this.#shiftMs;
  }

  setTimer(...timer: Parameters<Clock['setTimer']>): ReturnType<Clock['setTimer']> {
    return systemClock.setTimer(...timer);
  }
}
