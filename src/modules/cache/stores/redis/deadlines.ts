import type { Clock, TimerHandle } from '../../../../common/clock.js';

/** Something that is waited for until a moment. */
export interface Awaited {
  /** Whether it is still waited for. */
  readonly isOpen: boolean;
  /** When it is given up, by the clock. */
  readonly deadlineMs: number;
  /** Items that are still open after this call have a later deadline. */
  giveUp(): void;
  /** Moves the deadline: this process was stopped for so long, and the answer may not have been read. */
  postpone(ms: number): void;
}

/** A timer that is later than this was held up by this process, milliseconds. */
const LAG_MS = 5;

/** Gives up items that took too long, with one timer for all: most answers come in time, and a timer for each would cost more than the answers. */
export class Deadlines<T extends Awaited> {
  #awaited: T[] = [];
  /** Before this index nothing is open. */
  #first = 0;
  #timer: TimerHandle | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  add(awaited: T, nowMs: number): void {
    this.#dropSettled();
    this.#awaited.push(awaited);
    if (awaited.deadlineMs < this.#timerMs) this.#setTimer(awaited.deadlineMs, nowMs);
  }

  #dropSettled(): void {
    const awaited = this.#awaited;
    while (this.#first < awaited.length && !awaited[this.#first]!.isOpen) this.#first++;
    if (this.#first < awaited.length) return;
    awaited.length = 0;
    this.#first = 0;
  }

  #setTimer(atMs: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timerMs = atMs;
    // After a stall of the event loop the timer fires before an answer that is already here is read: look once more.
    this.#timer = this.clock.setTimer(() => {
      const lagMs = this.clock.nowMs() - atMs;
      // On a busy machine Redis had less time than the clock says: time in which this process was not scheduled does not count.
      if (lagMs > LAG_MS) for (const awaited of this.#awaited) if (awaited.isOpen) awaited.postpone(lagMs);
      setImmediate(this.#giveUpDue, atMs);
    }, atMs - nowMs);
  }

  readonly #giveUpDue = (untilMs: number): void => {
    const open = this.#awaited.filter(({ isOpen }) => isOpen);
    const due = open.filter(({ deadlineMs }) => deadlineMs <= untilMs);
    this.#awaited = open.filter(({ deadlineMs }) => deadlineMs > untilMs);
    this.#first = 0;
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    if (this.#awaited.length > 0)
      this.#setTimer(Math.min(...this.#awaited.map(({ deadlineMs }) => deadlineMs)), this.clock.nowMs());
    for (const awaited of due) {
      awaited.giveUp();
      if (awaited.isOpen) this.add(awaited, this.clock.nowMs());
    }
  };
}
