import type { StaleReason } from '../contract/events.js';
import type { FailureThrottle } from '../load/failure-throttle.js';
import type { Flight, FlightOutcome, StaleOffer } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { RemoteEntry } from '../remote/remote-entry.js';

/** Values within their grace: finds them in Redis's answer or in memory, and serves them while nothing has invalidated them. */
export class StaleValues {
  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    private readonly throttle: FailureThrottle,
  ) {}

  /** Offers a flight a stale value, for when the loader fails or is slow. */
  offer(flight: Flight, settings: CallSettings, entry: RemoteEntry | undefined): void {
    if (flight.stale !== undefined) return;
    const stale = this.#find(flight.memoryKey, settings, entry);
    if (stale !== undefined) flight.offerStale(stale);
  }

  /** True if the flight has a stale value, and none of its dependencies was invalidated since it was found. */
  mayServe({ stale, memoryKey, fenceMark }: Flight): boolean {
    if (stale === undefined) return false;
    const { fence, table } = this.parts;
    return fence.isUnchanged(memoryKey, fenceMark) && table.check(stale.snapshot) !== 'invalidated';
  }

  /** The stale value of a flight that {@link mayServe} allowed. */
  serve(flight: Flight, reason: StaleReason): FlightOutcome {
    this.stats.stale(flight.key, reason);
    return { value: flight.stale!.view.value, isAbsent: false, hasLateChange: false };
  }

  /** The stale value of a key that is not to be loaded now, because its load has failed lately. */
  serveThrottled(key: string, settings: CallSettings, entry: RemoteEntry | undefined): FlightOutcome | undefined {
    if (settings.consistency !== 'cached' || settings.failSafeThrottleMs === 0) return undefined;
    const memoryKey = this.namespace.memoryKey(key);
    if (!this.throttle.isActive(memoryKey)) return undefined;
    const stale = this.#find(memoryKey, settings, entry);
    if (stale === undefined || this.parts.table.check(stale.snapshot) === 'invalidated') return undefined;
    this.stats.stale(key, 'throttled');
    return { value: stale.view.value, isAbsent: false, hasLateChange: false };
  }

  #find(memoryKey: string, settings: CallSettings, entry: RemoteEntry | undefined): StaleOffer | undefined {
    const { fence, memory, clock } = this.parts;
    // Compared with the mark taken before the read, not with a flight's, which is later: callers who join must not be
    // served a value that was invalidated between the two.
    if (entry?.snapshot !== undefined && !entry.isAbsent && fence.isUnchanged(memoryKey, entry.fenceMark))
      return { view: entry.view(), snapshot: entry.snapshot };
    if (settings.consistency !== 'cached') return undefined;
    const nowMs = clock.nowMs();
    const stale = memory.stale(memoryKey, nowMs);
    if (stale === undefined || stale.isAbsent || stale.freshUntilMs > nowMs) return undefined;
    return { view: memory.view(stale, nowMs), snapshot: stale.snapshot };
  }
}
