import type { CallCost } from './call-cost.js';
import type { Reservation } from './reservation.js';

/** What a quota counts over, in milliseconds. */
export const WINDOW_MS = 60_000;

interface ScheduledCall extends CallCost {
  readonly atMs: number;
}

/**
 * The calls of the last minute and those that wait, in the order they asked: a place is the earliest moment at which no
 * minute that ends there holds more than the limits. A call that is larger than a whole minute's limit goes alone.
 * `scripts/reserve.lua` is the same for a fleet.
 */
export class PaceWindow {
  private readonly places: ScheduledCall[] = [];

  constructor(private readonly limits: CallCost) {}

  /** Takes the next place, unless that is more than `maxWaitMs` away. */
  reserve(cost: CallCost, nowMs: number, maxWaitMs: number): Reservation {
    const atMs = this.earliest(cost, nowMs);
    const isReserved = atMs - nowMs <= maxWaitMs;
    if (isReserved) this.note(cost, atMs);
    return { isReserved, waitMs: atMs - nowMs };
  }

  /** Counts a call whose place others gave. */
  note(cost: CallCost, atMs: number): void {
    this.places.push({ ...cost, atMs: Math.max(atMs, this.lastMs) });
  }

  private get lastMs(): number {
    return this.places.at(-1)?.atMs ?? 0;
  }

  private earliest({ texts, tokens }: CallCost, nowMs: number): number {
    const firstLeft = this.places.findIndex(({ atMs }) => atMs > nowMs - WINDOW_MS);
    this.places.splice(0, firstLeft === -1 ? this.places.length : firstLeft);
    let atMs = Math.max(nowMs, this.lastMs);
    const left = { texts: this.limits.texts - texts, tokens: this.limits.tokens - tokens };
    for (const place of this.places) {
      left.texts -= place.texts;
      left.tokens -= place.tokens;
    }
    for (const place of this.places) {
      if (place.atMs > atMs - WINDOW_MS) {
        if (left.texts >= 0 && left.tokens >= 0) break;
        atMs = place.atMs + WINDOW_MS;
      }
      left.texts += place.texts;
      left.tokens += place.tokens;
    }
    return atMs;
  }
}
