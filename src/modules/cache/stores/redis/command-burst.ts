import type { CommandKind } from '../../../redis/library.js';

/** A command within this time of the one before belongs to its burst, milliseconds. */
const GAP_MS = 1;
/** Steady traffic is no burst: a burst lasts for this at most, milliseconds. */
const MAX_LENGTH_MS = 50;

/** Commands that were sent at about the same time. An answer to one of them shows that Redis works on the burst. */
export class CommandBurst {
  /** How many of them Redis has answered. */
  answers = 0;
  /** Kinds of commands that took too long in this burst, and were told to the monitor: it is one stall, however many wait. */
  readonly #timedOut = new Set<CommandKind>();

  #lastSentMs: number;

  constructor(private readonly startedAtMs: number) {
    this.#lastSentMs = startedAtMs;
  }

  /** True for the first command of its kind that takes too long. */
  timesOut(kind: CommandKind): boolean {
    if (this.#timedOut.has(kind)) return false;
    this.#timedOut.add(kind);
    return true;
  }

  /** Adds a command that is sent now. `false`: it is too late for this burst. */
  add(nowMs: number): boolean {
    if (nowMs - this.#lastSentMs > GAP_MS || nowMs - this.startedAtMs > MAX_LENGTH_MS) return false;
    this.#lastSentMs = nowMs;
    return true;
  }
}
