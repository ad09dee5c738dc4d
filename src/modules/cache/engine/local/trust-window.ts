/**
 * How long the memory tier may serve entries about which it has heard nothing new. The log follower moves the end of the
 * window forward; the memory tier and the entry validator read it. Made before all three, so that none has to be told of
 * another later.
 */
export class TrustWindow {
  /**
   * The end of the window, monotonic milliseconds of this process's clock. Read on every memory hit. Without Redis no other
   * instance can invalidate, so the window never ends.
   */
  constructor(public untilMs: number) {}

  /**
   * True while nothing is read: the log was followed up to now or will be before memory serves, and the window is closed until
   * then. False also means that the log can't be followed.
   */
  isResting = false;

  /** While the log is read at the end of a rest: resolves when that is done, or has taken as long as a read may. */
  opening: Promise<unknown> | undefined;
}
