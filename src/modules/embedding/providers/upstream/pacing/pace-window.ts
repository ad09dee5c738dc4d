import type { CallCost } from './call-cost.js';
import type { Reservation } from './reservation.js';

/** The period of a quota, in milliseconds. */
export const WINDOW_MS = 60_000;

interface ScheduledCall extends CallCost {
  readonly atMs: number;
}

/**
 * The calls of the last minute and the waiting calls, in the order of their requests. A call is scheduled at the earliest
 * time at which the minute before it stays within the limits. A call larger than the limits of a minute is sent alone.
 * `scripts/reserve.lua` is the same algorithm, shared by all instances.
 */
export class PaceWindow {
  private readonly calls: ScheduledCall[] = [];

  constructor(private readonly limits: CallCost) {}

  /** Schedules a call at the next possible time, unless that is more than `maxWaitMs` away. */
  reserve(cost: CallCost, nowMs: number, maxWaitMs: number): Reservation {
    const atMs = this.earliest(cost, nowMs);
    const isReserved = atMs - nowMs <= maxWaitMs;
    if (isReserved) this.note(cost, atMs);
    return { isReserved, waitMs: atMs - nowMs };
  }

  /** Counts a call that was scheduled elsewhere. */
  note(cost: CallCost, atMs: number): void {
    this.calls.push({ ...cost, atMs: Math.max(atMs, this.lastMs) });
  }

  private get lastMs(): number {
    return this.calls.at(-1)?.atMs ?? 0;
  }

  private earliest({ texts, tokens }: CallCost, nowMs: number): number {
    const firstLeft = this.calls.findIndex(({ atMs }) => atMs > nowMs - WINDOW_MS);
    this.calls.splice(0, firstLeft === -1 ? this.calls.length : firstLeft);
    let atMs = Math.max(nowMs, this.lastMs);
    const left = { texts: this.limits.texts - texts, tokens: this.limits.tokens - tokens };
    for (const call of this.calls) {
      left.texts -= call.texts;
      left.tokens -= call.tokens;
    }
    for (const call of this.calls) {
      if (call.atMs > atMs - WINDOW_MS) {
        if (left.texts >= 0 && left.tokens >= 0) break;
        atMs = call.atMs + WINDOW_MS;
      }
      left.texts += call.texts;
      left.tokens += call.tokens;
    }
    return atMs;
  }
}
