/** How long sessions live, in milliseconds. */
export interface SessionLifetime {
  /** Ends after this long without use. */
  readonly idleTimeoutMs: number;
  /** Ends this long after the login, however much it is used. */
  readonly absoluteTimeoutMs: number;
}

/**
 * What is known of a dead session (revoked or expired) is kept this long at least, so that a save which was under way
 * when it died finds it dead and not unknown.
 */
export const DEAD_KEPT_MS = 10 * 60_000;

/** When a session that is used at `nowMs` ends if it is not used again: never past its absolute end. */
export function idleEndMs(nowMs: number, absoluteExpiresAtMs: number, { idleTimeoutMs }: SessionLifetime): number {
  return Math.min(nowMs + idleTimeoutMs, absoluteExpiresAtMs);
}
