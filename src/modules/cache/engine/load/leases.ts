import type { Clock, TimerHandle } from '../../../../common/clock.js';
import { freshRandomBytes } from '../../../../common/random-bytes.js';
import type { HeldLease, RemoteTier } from '../ports/remote-tier.js';

const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 30_000;
const MAX_KEPT_MS = 60_000;
/** 96 bits, and 16 characters in base64url: commands that are all ASCII go out as they are. */
const TOKEN_BYTES = 12;

/**
 * How long leases last and who renews them. A lease lasts about four times what loads have taken lately; a load that
 * takes longer has its leases renewed, so that only an instance that stopped loses them.
 */
export class LeaseBook {
  /** Moving average of load durations, ms. */
  #averageMs = 500;

  constructor(
    private readonly tier: RemoteTier,
    private readonly clock: Clock,
  ) {}

  get leaseMs(): number {
    return Math.min(MAX_LEASE_MS, Math.max(MIN_LEASE_MS, Math.ceil(4 * this.#averageMs)));
  }

  observe(durationMs: number): void {
    this.#averageMs += (durationMs - this.#averageMs) / 8;
  }

  /** Random per fill: a token that came back would let an old fill pass. */
  newToken(): string {
    return freshRandomBytes(TOKEN_BYTES).toString('base64url');
  }

  /** Keeps leases alive until the returned function is called, or for `maxMs`: a loader may never come back. Default a minute. */
  keep(leases: readonly HeldLease[], leaseMs: number, maxMs = MAX_KEPT_MS): () => void {
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
