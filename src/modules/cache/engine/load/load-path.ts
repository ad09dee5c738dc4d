import type { Slot } from '../../codec/envelope.types.js';
import type { Flight } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import type { Lease } from '../ports/remote-tier.js';
import type { SlotResult } from '../remote/remote-entry.js';
import type { Dependency } from '../versions/dependency-table.js';
import type { FailureThrottle } from './failure-throttle.js';
import { FillPath, type LeasedFlight } from './fill-path.js';
import { LateFill } from './late-fill.js';
import { type AnsweredFlight, type FlightToLoad, LeaseStep } from './lease-step.js';
import { type LeasedElsewhere, LeaseWait } from './lease-wait.js';
import type { Leases } from './leases.js';
import type { LoadLimiter, Permit } from './load-limiter.js';
import { type GroupLoader, runLoader, whenAllAbandoned } from './load-run.js';
import { RunningLoad } from './running-load.js';

/** An instance that waits for another instance's load loads for itself after this by default, without storing the result. */
const DEFAULT_MAX_WAIT_MS = 10_000;
/**
 * A load within another one waits no longer than this: the other instance's load may wait for the load around this one in turn,
 * and no instance can see that.
 */
const MAX_NESTED_WAIT_MS = 2_000;
/** An entry that keeps being filled and found invalid is not worth more leases. */
const MAX_ROUNDS_FOUND_INVALID = 3;

/**
 * - `early-refresh`: dropped where another instance has the lease, unless callers have joined it. No load waits for it.
 * - `crossing`: a load that is waited for waits for this one. It may not wait in turn, so it takes no lease.
 */
export type FlightKind = 'load' | 'early-refresh' | 'crossing';

/** A group of flights to load with one call of the loader. */
export interface LoadJob {
  readonly flights: readonly FlightToLoad[];
  readonly loader: GroupLoader;
  readonly settings: CallSettings;
  readonly kind: FlightKind;
}

/** A job, with the load around it. */
interface NestedJob extends LoadJob {
  readonly outer: RunningLoad | undefined;
}

/** The answers to one request for leases, sorted by what to do next. */
interface SortedAnswers {
  /** To be loaded and stored: with a lease, or in memory only where no lease could be had. */
  readonly toLoad: LeasedFlight[];
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
 * 2. Wait for a permit. A lease is taken only when its loader may run: a lease that waits for its turn may end before.
 * 3. Ask for leases and, at the same time, for the versions that the entries will depend on (`Flight.begin`).
 * 4. Granted: run the loader, renewing the leases, and hand the result to {@link FillPath}.
 * 5. Leased elsewhere: give the permit back and wait ({@link LeaseWait}). A slot that is filled settles the flight; one that is
 *    neither filled nor leased any more: start again at 2. After `maxLoadMs` of such waits (two seconds, for a load within another
 *    one) load without the right to store.
 * 6. Without Redis, or while an invalidation of the entry waits to be sent: load without a lease. {@link LateFill} stores the
 *    result in Redis if it can be reached by then.
 *
 * A flight that is abandoned on the way is left out at the next step, and its lease is given back: no loader runs for callers
 * that are gone.
 */
export class LoadPath {
  readonly #leaseStep: LeaseStep;
  readonly #wait: LeaseWait;
  readonly #fills: FillPath;
  readonly #lateFills: LateFill | undefined;

  constructor(
    private readonly parts: EngineParts,
    private readonly namespace: Namespace,
    private readonly stats: ReadStats,
    private readonly leases: Leases | undefined,
    private readonly limiter: LoadLimiter,
    private readonly throttle: FailureThrottle,
  ) {
    this.#leaseStep = new LeaseStep(parts, namespace, leases);
    this.#wait = new LeaseWait(parts, stats);
    this.#fills = new FillPath(parts, namespace);
    this.#lateFills = leases === undefined ? undefined : new LateFill(parts, leases, this.#leaseStep, this.#fills);
  }

  async run(job: LoadJob): Promise<void> {
    try {
      for (const { flight } of job.flights) flight.dependOn(this.#dependenciesOf(flight.key, job.settings));
      if (job.settings.consistency === 'refresh') await this.#afterWrites(job);
      if (job.kind === 'load') for (const { flight } of job.flights) this.stats.miss(flight.key);
      await this.#leaseAndLoad({ ...job, outer: job.kind === 'early-refresh' ? undefined : RunningLoad.current() });
    } catch (error) {
      for (const { flight } of job.flights) flight.fail(error);
    } finally {
      this.parts.remote?.versions.release(job.flights.map(({ flight }) => flight));
    }
  }

  /** A refresh takes leases over, so it must not overtake a `set` of the same key that was called before. */
  async #afterWrites({ flights }: LoadJob): Promise<void> {
    await this.parts.order.writesOf(flights.map(({ flight }) => flight.memoryKey));
  }

  async #leaseAndLoad(job: NestedJob): Promise<void> {
    const { clock } = this.parts;
    const maxLoadMs = this.namespace.defaults.maxLoadMs ?? DEFAULT_MAX_WAIT_MS;
    const maxWaitMs = job.outer === undefined ? maxLoadMs : Math.min(maxLoadMs, MAX_NESTED_WAIT_MS);
    let waitedMs = 0;
    let flights = job.flights;
    for (let round = 0; ; round++) {
      const loading = flights.map(({ flight }) => flight);
      const acquired = this.#acquirePermit(loading, job.outer, round > 0);
      const permit = acquired instanceof Promise ? await acquired : acquired;
      flights = flights.filter(({ flight }) => !flight.isAbandoned);
      if (permit === undefined || flights.length === 0) return permit?.release();
      const asking = this.#leaseStep.run(flights, job.settings, job.kind !== 'crossing');
      if (asking === undefined)
        return this.#load(flights.map(withoutLease), job, { storesResult: job.kind !== 'crossing' }, permit);
      const isLastRound = waitedMs >= maxWaitMs;
      const sorted = await this.#sort(await asking, job.settings, round, isLastRound).catch((error: unknown) => {
        permit.release();
        throw error;
      });
      const leasedElsewhere = this.#refuseUnwanted(sorted, job.kind, isLastRound);
      const unleased = sorted.unleased.filter(({ flight }) => flight.hasCallers);
      const waitsSinceMs = clock.nowMs();
      [flights] = await Promise.all([
        this.#wait.run(leasedElsewhere, job.settings, maxWaitMs - waitedMs),
        this.#load(sorted.toLoad, job, { storesResult: true }, permit),
        this.#loadUnleased(unleased, job),
      ]);
      if (flights.length === 0) return;
      waitedMs += clock.nowMs() - waitsSinceMs;
    }
  }

  /** `undefined`: no caller wants the flights any more. */
  #acquirePermit(
    flights: readonly Flight[],
    outer: RunningLoad | undefined,
    isReturning: boolean,
  ): Permit | Promise<Permit | undefined> {
    return this.limiter.acquire({
      outer: outer?.permitOf(this.limiter),
      isReturning,
      onWait: (stopWaiting) => whenAllAbandoned(flights, stopWaiting),
    });
  }

  /** Settles the flights whose slot holds a fresh entry, and sorts the others. */
  async #sort(
    answers: readonly AnsweredFlight[],
    settings: CallSettings,
    round: number,
    isLastRound: boolean,
  ): Promise<SortedAnswers> {
    const sorted: SortedAnswers = { toLoad: [], leasedElsewhere: [], unleased: [] };
    for (const answered of answers) {
      const { flight, lease, answer } = answered;
      if (answer === undefined) sorted.toLoad.push(withoutLease(answered));
      else if (answer.kind === 'granted') sorted.toLoad.push({ flight, lease });
      else if (answer.kind === 'held') {
        if (isLastRound) sorted.unleased.push(withoutLease(answered));
        else sorted.leasedElsewhere.push({ ...answered, leaseLeftMs: answer.leftMs });
      } else {
        const seen = await this.#takeFound(flight, answer.slot, settings);
        if (seen === undefined) continue;
        if (isLastRound || round >= MAX_ROUNDS_FOUND_INVALID) sorted.unleased.push(withoutLease(answered));
        else sorted.leasedElsewhere.push({ ...answered, seenStoredAtMs: seen.seenStoredAtMs, leaseLeftMs: 0 });
      }
    }
    return sorted;
  }

  /** Settles a flight with the entry that its slot holds. Returns what was seen if the entry is invalid or stale. */
  async #takeFound(flight: Flight, slot: Slot, settings: CallSettings): Promise<SlotResult | undefined> {
    const { key, fenceMark } = flight;
    const query = { context: settings.readContext, key, address: flight.address(), fenceMark };
    const result = await this.parts.remote!.decide(query, slot);
    const { entry } = result;
    if (entry === undefined || entry.isStale) return result;
    flight.succeed({ value: entry.value, isAbsent: entry.isAbsent, hasLateChange: false });
    return undefined;
  }

  /** Ends the flights that have no caller and should not wait. Returns those that wait. */
  #refuseUnwanted(
    { leasedElsewhere, unleased }: SortedAnswers,
    kind: FlightKind,
    isLastRound: boolean,
  ): readonly LeasedElsewhere[] {
    for (const { flight } of [...leasedElsewhere, ...unleased]) {
      if (flight.hasCallers || (kind === 'load' && !isLastRound)) continue;
      flight.refuse(new Error('Another instance loads this entry.'));
    }
    return leasedElsewhere.filter(({ flight }) => kind === 'load' || flight.hasCallers);
  }

  async #loadUnleased(flights: readonly LeasedFlight[], job: NestedJob): Promise<void> {
    if (flights.length === 0) return;
    const loading = flights.map(({ flight }) => flight);
    const permit = await this.#acquirePermit(loading, job.outer, true);
    if (permit !== undefined) await this.#load(flights, job, { storesResult: false }, permit);
  }

  /** Loads and stores. Releases the permit when the loader has ended; at once if there is nothing to load. */
  async #load(
    leased: readonly LeasedFlight[],
    { loader, settings, outer }: NestedJob,
    { storesResult }: { readonly storesResult: boolean },
    permit: Permit,
  ): Promise<void> {
    const flights = this.#withoutAbandoned(leased);
    if (flights.length === 0) return permit.release();
    const { clock } = this.parts;
    const leases = leasesOf(flights);
    const stopRenewing = this.leases?.hold(leases, this.namespace.defaults.maxLoadMs);
    const startedAtMs = clock.nowMs();
    try {
      const loading = flights.map(({ flight }) => flight);
      for (const flight of loading) flight.startLoader(startedAtMs);
      const load = new RunningLoad({
        flights: loading,
        cache: this.namespace.name,
        owner: this.parts.flights,
        permit,
        outer,
      });
      const result = await runLoader(load, clock, loader, loading);
      this.leases?.observe(result.durationMs);
      this.#reportLoad(flights, result.durationMs, 'ok');
      for (const flight of loading) this.throttle.succeeded(flight.memoryKey);
      const loaded = { flights, result, settings, storesResult };
      await this.#fills.fill(loaded);
      if (storesResult && flights.length > leases.length) void this.#lateFills?.run(loaded);
    } catch (error) {
      const isAborted = flights.every(({ flight }) => flight.isAbandoned);
      this.#reportLoad(flights, clock.nowMs() - startedAtMs, isAborted ? 'aborted' : 'failed');
      if (leases.length > 0) this.parts.remote!.tier.release(leases);
      for (const { flight } of flights) {
        if (!isAborted && flight.stale !== undefined)
          this.throttle.failed(flight.memoryKey, settings.failSafeThrottleMs);
        flight.fail(error);
      }
    } finally {
      stopRenewing?.();
    }
  }

  /** Gives back the leases of flights that no caller wants any more. */
  #withoutAbandoned(leased: readonly LeasedFlight[]): readonly LeasedFlight[] {
    if (!leased.some(({ flight }) => flight.isAbandoned)) return leased;
    const unused = leasesOf(leased.filter(({ flight }) => flight.isAbandoned));
    if (unused.length > 0) this.parts.remote!.tier.release(unused);
    return leased.filter(({ flight }) => !flight.isAbandoned);
  }

  #reportLoad(flights: readonly LeasedFlight[], durationMs: number, outcome: 'ok' | 'failed' | 'aborted'): void {
    const { key } = flights[0]!.flight;
    this.parts.events.emit('load', { cache: this.namespace.name, key, durationMs, outcome });
  }

  /** @throws TypeError for an invalid tag, and whatever the caller's `tagsOf` throws. */
  #dependenciesOf(key: string, settings: CallSettings): Dependency[] {
    const tags = settings.tagsOf === undefined ? settings.tags : [...settings.tags, ...settings.tagsOf(key)];
    return [...this.namespace.generations, ...this.namespace.tags(tags)];
  }
}

function withoutLease({ flight }: FlightToLoad): LeasedFlight {
  return { flight, lease: undefined };
}

function leasesOf(leased: readonly LeasedFlight[]): readonly Lease[] {
  return leased.flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
}
