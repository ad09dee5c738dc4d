import { BoundedMap } from '../../bounded-map.js';
import type { Clock } from '../../clock.js';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
/** Addresses remembered. More addresses replace the oldest ones, so an attacker would need this many. */
const MAX_ADDRESSES = 10_000;

/** Slows down guessing of secrets: after ten failures a minute from one address, its further attempts are refused unread. */
export class FailureThrottle {
  private readonly failures = new BoundedMap<string, { count: number; untilMs: number }>(MAX_ADDRESSES);

  constructor(private readonly clock: Clock) {}

  /** Seconds until the address may try again; 0 when it may try now. */
  retryAfterSeconds(address: string): number {
    const known = this.failures.get(address);
    if (!known || known.count < MAX_FAILURES) return 0;
    return Math.max(0, Math.ceil((known.untilMs - this.clock.nowMs()) / 1_000));
  }

  recordFailure(address: string): void {
    const nowMs = this.clock.nowMs();
    const known = this.failures.get(address);
    const isOpen = known !== undefined && known.untilMs > nowMs;
    this.failures.set(
      address,
      isOpen ? { ...known, count: known.count + 1 } : { count: 1, untilMs: nowMs + WINDOW_MS },
    );
  }
}
