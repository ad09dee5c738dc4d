import type { Flight } from '../local/flight.js';
import type { HeldLease } from '../ports/remote-tier.js';

/** A flight with the lease it was granted. */
export interface Leased {
  readonly flight: Flight;
  readonly lease: HeldLease | undefined;
}
