import type { Flight } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { Lease, LeaseReply, LeaseRequest } from '../ports/remote-tier.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { Dependency } from '../versions/dependency-table.js';
import { FillPath, type LeasedFlight } from './fill-path.js';
import type { Leases } from './leases.js';
import type { LoadLimiter } from './load-limiter.js';
import { type GroupLoader, runLoader } from './load-run.js';

/** An instance that waits for another instance's load loads for itself after this by default, without storing the result. */
const DEFAULT_MAX_WAIT_MS = 10_000;
/** A waiting instance looks at the slot again after this at first, growing, in case the wake-up was lost. */
const FIRST_LOOK_MS = 50;
/** An entry that keeps being filled and found invalid is not worth more leases. */
const MAX_ROUNDS_FOUND_INVALID = 3;

/** An early refresh is dropped where another instance has the lease, unless callers have joined it. */
export type FlightKind = 'load' | 'early-refresh';

/** A flight without a value to serve. */
export interface FlightToLoad {
  readonly flight: Flight;
  /** Stored-at of the entry that was read and is invalid or stale, in Redis time. */
  readonly seenStoredAtMs: number | undefined;
  /** True if Redis did not answer this flight's read in time: it is not asked for a lease as well. */
  readonly isRemoteSilent: boolean;
}

/** A group of flights to load with one call of the loader. */
export interface LoadJob {
  readonly flights: readonly FlightToLoad[];
  readonly loader: GroupLoader;
  readonly settings: CallSettings;
  readonly kind: FlightKind;
}

/** A flight whose slot another instance has leased. */
interface LeasedElsewhere extends FlightToLoad {
  /** Time left of that lease, milliseconds. */
  readonly leaseLeftMs: number;
}

/** The replies to one request for leases, sorted by what to do next. */
interface SortedReplies {
  readonly granted: LeasedFlight[];
  readonly leasedElsewhere: LeasedElsewhere[];
  /** To be loaded without the right to store. */
  readonly unleased: LeasedFlight[];
}

/**
 * The slow part of a read, for one key or many that neither tier had. Settles every flight it is given.
 *
 * Invariant: a value is stored only under versions that were current before its loader ran, and only by the holder of the
 * slot's lease (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1; the token here is random per fill).
 *
 * Order of steps, repeated while another instance holds a lease:
 *
 * 1. Resolve the tags, so that an invalid tag rejects before a lease is taken.
 * 2. Ask for leases and, at the same time, for the versions that the entries will depend on (`Flight.begin`).
 * 3. Granted: run the loader, renewing the leases, and hand the result to {@link FillPath}.
 * 4. Leased elsewhere: wait for the wake-up, the end of that lease or the next look, then start again at 2. After
 *    `maxLoadMs` load without the right to store.
 * 5. Without Redis, or while an invalidation of the entry waits to be sent: load at once, without a lease.
 */
export class LoadPath {
  readonly #fills: FillPath;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    private readonly leases: Leases | undefined,
    private readonly limiter: LoadLimiter,
  ) {
    this.#fills = new FillPath(parts, namespace);
  }

  async run(job: LoadJob): Promise<void> {
    try {
      for (const { flight } of job.flights) flight.dependOn(this.#dependenciesOf(flight.key, job.settings));
      if (job.settings.consistency === 'refresh') await this.#afterWrites(job);
      await this.#leaseAndLoad(job);
    } catch (error) {
      for (const { flight } of job.flights) flight.fail(error);
    }
  }

  /** A refresh takes leases over, so it must not overtake a `set` of the same key that was called before. */
  async #afterWrites({ flights }: LoadJob): Promise<void> {
    await this.parts.order.writesOf(flights.map(({ flight }) => flight.memoryKey));
  }

  async #leaseAndLoad(job: LoadJob): Promise<void> {
    const { clock } = this.parts;
    if (job.kind === 'load') for (const { flight } of job.flights) this.stats.miss(flight.key);
    const deadlineMs = clock.nowMs() + (this.namespace.defaults.maxLoadMs ?? DEFAULT_MAX_WAIT_MS);
    let flights = job.flights;
    for (let round = 0; ; round++) {
      flights = flights.filter(({ flight }) => !flight.isAbandoned);
      if (flights.length === 0) return;
      const replies = await this.#requestLeases(flights, job.settings);
      if (replies === undefined) {
        for (const { flight } of flights) flight.begin(this.parts.table);
        return this.#load(withoutLease(flights), job, { storesResult: true });
      }
      const isLastRound = clock.nowMs() >= deadlineMs;
      const sorted = await this.#sort(replies, job.settings, round, isLastRound);
      flights = this.#refuseUnwanted(sorted, job.kind, isLastRound);
      await Promise.all([
        this.#load(sorted.granted, job, { storesResult: true }),
        this.#load(
          sorted.unleased.filter(({ flight }) => flight.hasCallers),
          job,
          { storesResult: false },
        ),
        this.#waitForChange(flights as readonly LeasedElsewhere[], round, deadlineMs),
      ]);
    }
  }

  /**
   * Asks for a lease on every slot, and takes the snapshot of the versions before any loader runs. `undefined`: leases are
   * not used, or could not be had; the values are then loaded without.
   */
  async #requestLeases(flights: readonly FlightToLoad[], settings: CallSettings): Promise<LeaseAnswer[] | undefined> {
    const { remote } = this.parts;
    if (remote === undefined || !this.#mayLease(remote, flights, settings)) return undefined;
    const requests = flights.map(({ flight, seenStoredAtMs }): LeaseRequest => {
      return { address: flight.address(), token: this.leases!.newToken(), seenStoredAtMs };
    });
    const mode = settings.consistency === 'refresh' ? 'steal' : 'load';
    const [replies] = await Promise.all([
      remote.tier.lease(requests, mode, this.leases!.leaseMs, this.namespace.defaults.minReadTimeoutMs),
      this.#beginWithKnownVersions(remote, flights),
    ]);
    // The script may have run, or may still run: an unused lease would keep other instances waiting.
    if (replies === undefined) remote.tier.release(requests);
    return replies?.map((reply, i) => ({ ...flights[i]!, lease: requests[i]!, reply }));
  }

  #mayLease(remote: RemoteLevel, flights: readonly FlightToLoad[], settings: CallSettings): boolean {
    if (!settings.usesRedis || settings.consistency === 'bypass' || !remote.tier.canWrite()) return false;
    // The reply may be the entry in the slot, so the slot must be readable too.
    return flights.every(
      ({ flight, isRemoteSilent }) =>
        !isRemoteSilent && remote.mayRead(flight.memoryKey) && !this.#isInvalidatedInRedis(flight),
    );
  }

  async #beginWithKnownVersions(remote: RemoteLevel, flights: readonly FlightToLoad[]): Promise<void> {
    const all = new Set<Dependency>(flights.flatMap(({ flight }) => flight.dependencies));
    if (remote.tier.canRead()) await remote.versions.ensureKnown([...all]);
    for (const { flight } of flights) flight.begin(this.parts.table);
  }

  /** Settles the flights whose slot holds a fresh entry, and sorts the others. */
  async #sort(
    answers: readonly LeaseAnswer[],
    settings: CallSettings,
    round: number,
    isLastRound: boolean,
  ): Promise<SortedReplies> {
    const sorted: SortedReplies = { granted: [], leasedElsewhere: [], unleased: [] };
    for (const { flight, seenStoredAtMs, lease, reply } of answers) {
      const waiting = { flight, seenStoredAtMs, isRemoteSilent: false };
      if (reply.kind === 'granted') sorted.granted.push({ flight, lease });
      else if (isLastRound) sorted.unleased.push({ flight, lease: undefined });
      else if (reply.kind === 'held') sorted.leasedElsewhere.push({ ...waiting, leaseLeftMs: reply.leftMs });
      else {
        const { key, fenceMark } = flight;
        const query = { context: settings.readContext, key, address: flight.address(), fenceMark };
        const result = await this.parts.remote!.decide(query, reply.slot);
        const { entry } = result;
        if (entry !== undefined && !entry.isStale)
          flight.succeed({ value: entry.value, isAbsent: entry.isAbsent, hasLateChange: false });
        else if (round >= MAX_ROUNDS_FOUND_INVALID) sorted.unleased.push({ flight, lease: undefined });
        else sorted.leasedElsewhere.push({ ...waiting, seenStoredAtMs: result.seenStoredAtMs, leaseLeftMs: 0 });
      }
    }
    return sorted;
  }

  /** Ends the flights that have no caller and should not wait. Returns those that wait. */
  #refuseUnwanted(
    { leasedElsewhere, unleased }: SortedReplies,
    kind: FlightKind,
    isLastRound: boolean,
  ): readonly LeasedElsewhere[] {
    for (const { flight } of [...leasedElsewhere, ...unleased]) {
      if (flight.hasCallers || (kind === 'load' && !isLastRound)) continue;
      flight.refuse(new Error('Another instance loads this entry.'));
    }
    return leasedElsewhere.filter(({ flight }) => kind === 'load' || flight.hasCallers);
  }

  /** Until another instance filled or released one of the slots, its lease ran out, or it is time to look again. */
  async #waitForChange(flights: readonly LeasedElsewhere[], round: number, deadlineMs: number): Promise<void> {
    for (const { flight } of flights) this.stats.coalesced(flight.key, 'remote');
    const nextLookMs = FIRST_LOOK_MS * 2 ** Math.min(round, 6) * (0.5 + Math.random());
    const leftMs = deadlineMs - this.parts.clock.nowMs();
    await Promise.all(
      flights.map(({ flight, leaseLeftMs }) =>
        this.parts.remote!.tier.waitForChange(
          flight.address(),
          Math.max(0, Math.min(leaseLeftMs + 1, nextLookMs, leftMs)),
          flight.signal,
        ),
      ),
    );
  }

  async #load(
    flights: readonly LeasedFlight[],
    { loader, settings }: LoadJob,
    { storesResult }: { readonly storesResult: boolean },
  ): Promise<void> {
    if (flights.length === 0) return;
    const { clock, remote } = this.parts;
    const leases = flights.flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
    const stopRenewing = this.#renew(leases);
    const startedAtMs = clock.nowMs();
    try {
      const loading = flights.map(({ flight }) => flight);
      const result = await runLoader(this.limiter, clock, loader, loading);
      this.leases?.observe(result.durationMs);
      this.#reportLoad(flights, result.durationMs, 'ok');
      stopRenewing();
      await this.#fills.fill({ flights, result, settings, storesResult });
    } catch (error) {
      stopRenewing();
      const isAborted = flights.every(({ flight }) => flight.isAbandoned);
      this.#reportLoad(flights, clock.nowMs() - startedAtMs, isAborted ? 'aborted' : 'failed');
      if (leases.length > 0) remote!.tier.release(leases);
      for (const { flight } of flights) flight.fail(error);
    }
  }

  #renew(leases: readonly Lease[]): () => void {
    if (leases.length === 0) return () => undefined;
    return this.leases!.renewUntilStopped(leases, this.leases!.leaseMs, this.namespace.defaults.maxLoadMs);
  }

  #reportLoad(flights: readonly LeasedFlight[], durationMs: number, outcome: 'ok' | 'failed' | 'aborted'): void {
    const { key } = flights[0]!.flight;
    this.parts.events.emit('load', { cache: this.namespace.name, key, durationMs, outcome });
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

  /** @throws TypeError for an invalid tag, and whatever the caller's `tagsOf` throws. */
  #dependenciesOf(key: string, settings: CallSettings): Dependency[] {
    const tags = settings.tagsOf === undefined ? settings.tags : [...settings.tags, ...settings.tagsOf(key)];
    return [...this.namespace.generations, ...this.namespace.tags(tags)];
  }
}

/** The reply to one flight's request for a lease, with the lease it is about. */
interface LeaseAnswer extends FlightToLoad {
  readonly lease: Lease;
  readonly reply: LeaseReply;
}

function withoutLease(flights: readonly FlightToLoad[]): LeasedFlight[] {
  return flights.map(({ flight }) => ({ flight, lease: undefined }));
}
