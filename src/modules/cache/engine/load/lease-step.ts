import type { Flight } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { Lease, LeaseRequest } from '../ports/remote-tier.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import { LOAD_MS } from '../remote/remote-versions.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { LeaseAnswer } from './lease-requests.js';
import type { Leases } from './leases.js';

/** A flight without a value to serve. */
export interface FlightToLoad {
  readonly flight: Flight;
  /** Stored-at of the entry that was read and is invalid or stale, in Redis time. */
  readonly seenStoredAtMs: number | undefined;
  /** True if Redis did not answer this flight's read in time: it is not asked for a lease as well. */
  readonly isRemoteSilent: boolean;
}

/** A flight that was not asked about, or whose request was not answered, has no lease and no answer. */
export interface AnsweredFlight extends FlightToLoad {
  readonly lease: Lease | undefined;
  readonly answer: LeaseAnswer;
}

/** A step of the load path: asks for leases, and begins the flights. */
export class LeaseStep {
  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly leases: Leases | undefined,
  ) {}

  /**
   * Asks for a lease on every slot where that makes sense, and takes the snapshot of the versions before any loader runs.
   * Answers in the order of `flights`; `undefined` if no lease is asked for, and the flights have begun.
   *
   * @param asks false: no lease is asked for.
   */
  run(flights: readonly FlightToLoad[], settings: CallSettings, asks: boolean): Promise<AnsweredFlight[]> | undefined {
    const requests = asks ? flights.map((flight) => this.requestFor(flight, settings)) : [];
    if (requests.some((request) => request !== undefined)) return this.#send(flights, requests, settings);
    for (const { flight } of flights) flight.begin(this.parts.table);
    return undefined;
  }

  async #send(
    flights: readonly FlightToLoad[],
    requests: readonly (LeaseRequest | undefined)[],
    settings: CallSettings,
  ): Promise<AnsweredFlight[]> {
    const mode = settings.consistency === 'refresh' ? 'steal' : 'load';
    const toSend = requests.filter((request) => request !== undefined);
    const [answers] = await Promise.all([
      this.leases!.request(toSend, mode, this.namespace.defaults.minReadTimeoutMs),
      this.#beginWithKnownVersions(this.parts.remote!, flights),
    ]);
    let sent = 0;
    return flights.map((flight, i) => {
      const lease = requests[i];
      return { ...flight, lease, answer: lease === undefined ? undefined : answers[sent++] };
    });
  }

  /** `undefined`: no lease is asked for. */
  requestFor(
    { flight, seenStoredAtMs, isRemoteSilent }: FlightToLoad,
    settings: CallSettings,
  ): LeaseRequest | undefined {
    const { remote } = this.parts;
    if (remote === undefined || !settings.usesRedis || settings.consistency === 'bypass') return undefined;
    // The answer may be the entry in the slot, so the slot must be readable too.
    if (isRemoteSilent || !remote.tier.canWrite() || !remote.mayRead(flight.memoryKey)) return undefined;
    if (this.#isInvalidatedInRedis(flight)) return undefined;
    return { address: flight.address(), token: this.leases!.newToken(), seenStoredAtMs };
  }

  async #beginWithKnownVersions(remote: RemoteLevel, flights: readonly FlightToLoad[]): Promise<void> {
    const all = new Set<Dependency>(flights.flatMap(({ flight }) => flight.dependencies));
    if (remote.tier.canRead()) await remote.versions.hold([...all], LOAD_MS);
    for (const { flight } of flights) flight.begin(this.parts.table);
  }

  /**
   * True if a generation or tag of the entry has an invalidation that has not reached Redis yet. An entry stored now would
   * be invalid on arrival, and every reader would take the lease in turn and load again.
   */
  #isInvalidatedInRedis({ dependencies }: Flight): boolean {
    const { outbox, peerTombstones } = this.parts;
    if (outbox.size === 0 && peerTombstones.isEmpty) return false;
    return dependencies.some(({ id }) => outbox.modeOf(id) === 'hard' || peerTombstones.hasDependency(id));
  }
}
