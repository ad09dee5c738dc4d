import { BoundedMap } from '../../../common/bounded-map.js';
import type { Clock } from '../../../common/clock.js';
import type { Session } from '../session.types.js';

/** Sessions remembered. With more, the sessions touched longest ago may be touched again too early, which is harmless. */
const MAX_REMEMBERED = 50_000;

/** Limits the writes that record the use of a session: at most one per interval, session and instance. */
export class TouchThrottle {
  private readonly touchedAtMs = new BoundedMap<string, number>(MAX_REMEMBERED);

  constructor(
    private readonly intervalMs: number,
    private readonly clock: Clock,
  ) {}

  /**
   * Whether to record this use. After `true` it returns `false` for an interval.
   *
   * @param isNews this use says more than its time, as that of a session whose client is not known yet. Default false.
   */
  isDue({ id, lastSeenAtMs }: Pick<Session, 'id' | 'lastSeenAtMs'>, isNews = false): boolean {
    // The two times come from different clocks. If either clock is wrong, the difference is large and the use is recorded.
    if (!isNews && Math.abs(this.clock.wallMs() - lastSeenAtMs) < this.intervalMs) return false;
    const nowMs = this.clock.nowMs();
    const touchedAtMs = this.touchedAtMs.get(id);
    if (touchedAtMs !== undefined && nowMs - touchedAtMs < this.intervalMs) return false;
    this.touchedAtMs.set(id, nowMs);
    return true;
  }
}
