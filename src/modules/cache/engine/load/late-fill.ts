import type { Flight } from '../local/flight.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { LeaseRequest } from '../ports/remote-tier.js';
import { WRITE_MS } from '../remote/remote-versions.js';
import type { FillPath, LeasedFlight, LoadedFlights } from './fill-path.js';
import type { LeaseStep } from './lease-step.js';
import type { Leases } from './leases.js';

/** No caller waits for it. */
const LEASE_TIMEOUT_MS = 500;

/**
 * Stores results in Redis whose loader ran without a lease because Redis was late.
 *
 * Invariant: as for a lease from before the load, nothing is stored that an invalidation since the load began concerns. The
 * lease covers the time after it was granted. The log is read after that, and covers the time before: every invalidation since
 * the load began raised the fence of its key, or changed the epoch of its dependency.
 *
 * Order: (1) leases are asked for, and the missing versions; (2) the log is read; (3) fence and epochs are compared with those
 * from before the loader ran; (4) the rest is stored, and the leases of the others are given back.
 */
export class LateFill {
  constructor(
    private readonly parts: EngineParts,
    private readonly leases: Leases,
    private readonly leaseStep: LeaseStep,
    private readonly fills: FillPath,
  ) {}

  /** Takes the flights without a lease. A value that is not stored is told by `fillRejected`. */
  async run(loaded: LoadedFlights): Promise<void> {
    const flights = loaded.flights.flatMap(({ flight, lease }) =>
      lease === undefined && this.fills.isForRedis(flight, loaded) ? [flight] : [],
    );
    const leased = await this.#lease(flights, loaded);
    if (leased.length === 0) return;
    const isLogRead = (await this.parts.follower?.catchUp()) === true;
    const current = isLogRead ? leased.filter(({ flight }) => this.#isUnchanged(flight)) : [];
    for (const { flight } of current) flight.addMissingVersions();
    const changed = leased.filter((one) => !current.includes(one));
    this.fills.giveBack(changed);
    for (const { flight } of changed) this.fills.reject(flight, isLogRead ? 'tag-changed' : 'redis-unavailable');
    await this.fills.storeLate({ ...loaded, flights: current });
  }

  async #lease(flights: readonly Flight[], { settings }: LoadedFlights): Promise<LeasedFlight[]> {
    const wanted: { flight: Flight; lease: LeaseRequest }[] = [];
    for (const flight of flights) {
      const lease = this.leaseStep.requestFor({ flight, seenStoredAtMs: undefined, isRemoteSilent: false }, settings);
      if (lease === undefined) this.fills.reject(flight, 'redis-unavailable');
      else wanted.push({ flight, lease });
    }
    if (wanted.length === 0) return [];
    const requests = wanted.map(({ lease }) => lease);
    const [answers] = await Promise.all([
      this.leases.request(requests, settings.consistency === 'refresh' ? 'steal' : 'load', LEASE_TIMEOUT_MS),
      this.parts.remote!.versions.hold([...new Set(wanted.flatMap(({ flight }) => flight.dependencies))], WRITE_MS),
    ]);
    return wanted.filter(({ flight }, i) => {
      const answer = answers[i];
      if (answer?.kind === 'granted') return true;
      this.fills.reject(flight, answer === undefined ? 'redis-unavailable' : 'lease-lost');
      return false;
    });
  }

  #isUnchanged(flight: Flight): boolean {
    const { fence, table } = this.parts;
    return (
      fence.isUnchanged(flight.memoryKey, flight.fenceMark) &&
      table.check(flight.snapshot) === 'current' &&
      !flight.dependencies.some(({ id }) => table.hasChangedSince(id, flight.snapshotSequence))
    );
  }
}
