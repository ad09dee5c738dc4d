/** When a call may go. */
export interface Reservation {
  /** Whether the place is taken; not when the wait is longer than the caller would have it. */
  readonly isReserved: boolean;
  /** From now until the place, in milliseconds. */
  readonly waitMs: number;
}
