import { BoundedMap } from '../../../common/bounded-map.js';
import type { Clock } from '../../../common/clock.js';
import type { Session } from '../session.types.js';

/** Sessions remembered; past it, the ones touched longest ago are touched again too early, which is harmless. */
const MAX_REMEMBERED = 50_000;

/** Decides when the use of a session is worth a write: at most once an interval, per session and instance. */
export class TouchThrottle {
  private readonly touchedAtMs = new BoundedMap<string, number>(MAX_REMEMBERED);

  constructor(
    private readonly intervalMs: number,
    private readonly clock: Clock,
  ) {}

  /** Whether to touch it now; when true, not again for an interval. */
  isDue({ id, lastSeenAtMs }: Session): boolean {
    // The store's clock against ours: whichever of them is wrong, a large difference means a touch, not none.
    if (Math.abs(this.clock.wallMs() - lastSeenAtMs) < this.intervalMs) return false;
    const nowMs = this.clock.nowMs();
    const touchedAtMs = this.touchedAtMs.get(id);
    if (touchedAtMs !== undefined && nowMs - touchedAtMs < this.intervalMs) return false;
    this.touchedAtMs.set(id, nowMs);
    return true;
  }
}
