/** The scheduled time of a call. */
export interface Reservation {
  /** Whether the call was scheduled; false when the wait exceeds the caller's limit. */
  readonly isReserved: boolean;
  /** Time until the call may be sent, in milliseconds. */
  readonly waitMs: number;
}
