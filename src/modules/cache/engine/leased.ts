import type { Flight } from './flight.js';
import type { HeldLease } from './remote-tier.js';

/** A flight with the lease it was granted. */
export interface Leased {
  readonly flight: Flight;
  readonly lease: HeldLease | undefined;
}
