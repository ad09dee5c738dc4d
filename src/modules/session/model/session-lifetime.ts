/** How long sessions live, in milliseconds. */
export interface SessionLifetime {
  /** A session ends after this time without use. */
  readonly idleTimeoutMs: number;
  /** A session ends this long after its login, however much it is used. */
  readonly absoluteTimeoutMs: number;
}

/**
 * The record of a dead session (revoked or expired) is kept at least this long, so that a save which was under way when
 * it died finds it dead and not unknown.
 */
export const DEAD_KEPT_MS = 10 * 60_000;

/** Timeouts of a session: its own where it has them. */
export function lifetimeOf(own: Partial<SessionLifetime> | undefined, common: SessionLifetime): SessionLifetime {
  return {
    idleTimeoutMs: own?.idleTimeoutMs ?? common.idleTimeoutMs,
    absoluteTimeoutMs: own?.absoluteTimeoutMs ?? common.absoluteTimeoutMs,
  };
}

/** When a session used at `nowMs` ends if it is not used again; never after its absolute end. */
export function idleEndMs(
  nowMs: number,
  absoluteExpiresAtMs: number,
  { idleTimeoutMs }: Pick<SessionLifetime, 'idleTimeoutMs'>,
): number {
  return Math.min(nowMs + idleTimeoutMs, absoluteExpiresAtMs);
}
