import type { Flight, FlightOutcome } from '../local/flight.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { SlotResult } from '../remote/remote-entry.js';
import type { StaleValues } from './stale-values.js';

/**
 * Lets answers of Redis that come after the budget of their read count: the budget starts the loader, and the answer races it
 * (a hedge; Dean and Barroso, "The Tail at Scale", CACM 2013).
 *
 * Invariant: a late answer passes the fences of an answer in time. Its entry was validated when it came, against the versions
 * known then, and it settles a flight only if the key has not been invalidated since before the slot was asked for: callers that
 * joined after such an invalidation must not get the value from before it.
 */
export class LateAnswers {
  constructor(
    private readonly parts: EngineParts,
    private readonly stats: ReadStats,
    private readonly staleValues: StaleValues,
  ) {}

  /** A fresh entry settles the flight, a stale one is offered to it. */
  race(flight: Flight, settings: CallSettings, late: Promise<SlotResult | undefined>): void {
    flight.hedge(late.then((result) => this.#outcomeOf(flight, settings, result)));
  }

  #outcomeOf(flight: Flight, settings: CallSettings, result: SlotResult | undefined): FlightOutcome | undefined {
    const entry = result?.entry;
    if (entry === undefined || !this.parts.fence.isUnchanged(flight.memoryKey, entry.fenceMark)) return undefined;
    if (entry.isStale) {
      this.staleValues.offer(flight, settings, entry);
      return undefined;
    }
    this.stats.hit(flight.key, 'redis');
    return { value: entry.value, isAbsent: entry.isAbsent, hasLateChange: false };
  }
}
