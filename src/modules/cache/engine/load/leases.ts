import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { freshRandomBytes } from '../../../../common/random-bytes.js';
import type { Lease, RemoteTier } from '../ports/remote-tier.js';

const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 30_000;
const DEFAULT_MAX_RENEWAL_MS = 60_000;
/** 96 bits, and 16 characters in base64url: commands that are all ASCII are sent without being encoded. */
const TOKEN_BYTES = 12;

/**
 * Decides how long leases last, and renews them. A lease lasts about four times as long as recent loads took. The leases of
 * a load that takes longer are renewed, so that only an instance that stopped loses its leases.
 */
export class Leases {
  /** Moving average of load durations, milliseconds. */
  #averageMs = 500;

  constructor(
    private readonly tier: RemoteTier,
    private readonly clock: Clock,
  ) {}

  /** Length of the next lease, milliseconds: 1,000 to 30,000. */
  get leaseMs(): number {
    return Math.min(MAX_LEASE_MS, Math.max(MIN_LEASE_MS, Math.ceil(4 * this.#averageMs)));
  }

  /** Takes the duration of a load into account. */
  observe(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) / 8;
  }

  /** Random per fill: a token that came back would let an old fill pass. */
  newToken(): string {
    return freshRandomBytes(TOKEN_BYTES).toString('base64url');
  }

  /**
   * Renews leases until the returned function is called, or for `maxMs` (default one minute): a loader may never return.
   */
  renewUntilStopped(leases: readonly Lease[], leaseMs: number, maxMs = DEFAULT_MAX_RENEWAL_MS): () => void {
    const untilMs = this.clock.nowMs() + maxMs;
    const schedule = (): TimerHandle =>
      this.clock.setTimer(() => {
        if (this.clock.nowMs() >= untilMs) return;
        this.tier.renew(leases, leaseMs);
        timer = schedule();
      }, leaseMs / 2);
    let timer = schedule();
    return () => timer.cancel();
  }
}
