import { BoundedMap } from '../../bounded-map.js';
import type { Clock } from '../../clock.js';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
/** Addresses remembered; a flood of new ones forgets the oldest, which costs an attacker that many addresses. */
const MAX_ADDRESSES = 10_000;

/** Slows down whoever guesses secrets: ten failures a minute from one address, then none of its tries are looked at. */
export class FailureThrottle {
  private readonly failures = new BoundedMap<string, { count: number; untilMs: number }>(MAX_ADDRESSES);

  constructor(private readonly clock: Clock) {}

  /** Seconds the address has to wait before it may try again; 0 when it may now. */
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
