import { LoadCycleError } from '../contract/errors.js';
import type { LoadPath } from '../load/load-path.js';
import type { FlightToLoad } from '../load/lease-step.js';
import type { GroupLoader } from '../load/load-run.js';
import { RunningLoad } from '../load/running-load.js';
import { Flight, type FlightOutcome } from '../local/flight.js';
import type { Namespace } from '../names/namespace.js';
import type { CallSettings } from '../parts/call-settings.js';
import type { EngineParts } from '../parts/engine-parts.js';
import type { ReadStats } from '../parts/read-stats.js';
import { allSettledThenThrow } from './all-settled.js';
import type { EarlyRefresh } from './early-refresh.js';
import type { LateAnswers } from './late-answers.js';
import { NOT_READ, type RemoteReadOutcome } from './remote-read-outcome.js';
import type { StaleValues } from './stale-values.js';
import { waitForFlight } from './wait-for-flight.js';

/** A caller asks again when the flight that it joined turns out to be older than itself; after three tries it takes the value. */
const MAX_TRIES = 3;
/** A caller that has joined a load of this instance waits until its loader has run for so long. */
const DEFAULT_MAX_JOINED_MS = 60_000;

/** A caller's part in a flight: it waits for the load of another caller, or the flight is its own. */
type FlightRole = 'joined' | 'load' | 'crossing';

/** A key that is to be loaded, with what its read of Redis found. */
export type KeyToLoad = readonly [key: string, read: RemoteReadOutcome];

/** An entry that is due to be refreshed before it expires. */
export interface DueEntry {
  readonly key: string;
  /** Stored-at in Redis time. If another instance has reloaded the entry since, its value is taken. */
  readonly seenStoredAtMs: number | undefined;
}

/** The parts that a {@link FlightJoiner} works with. */
export interface FlightJoinerParts {
  readonly parts: EngineParts;
  readonly namespace: Namespace;
  readonly stats: ReadStats;
  readonly staleValues: StaleValues;
  readonly lateAnswers: LateAnswers;
  readonly path: LoadPath;
  readonly earlyRefresh: EarlyRefresh;
}

/**
 * The second half of a read with a loader, for keys that no tier had: each caller joins the flight of its key or starts one, and
 * waits for it. A wait ends with the flight's value, a stale value, or an error.
 */
export class FlightJoiner {
  private readonly parts: EngineParts;
  private readonly namespace: Namespace;
  private readonly stats: ReadStats;
  readonly #staleValues: StaleValues;
  readonly #lateAnswers: LateAnswers;
  readonly #path: LoadPath;
  readonly #earlyRefresh: EarlyRefresh;
  readonly #maxJoinedMs: number;

  constructor(parts: FlightJoinerParts) {
    this.parts = parts.parts;
    this.namespace = parts.namespace;
    this.stats = parts.stats;
    this.#staleValues = parts.staleValues;
    this.#lateAnswers = parts.lateAnswers;
    this.#path = parts.path;
    this.#earlyRefresh = parts.earlyRefresh;
    this.#maxJoinedMs = parts.namespace.defaults.maxLoadMs ?? DEFAULT_MAX_JOINED_MS;
  }

  /** Waits for the flight of the key, and starts it if there is none. */
  one(
    key: string,
    loader: GroupLoader,
    settings: CallSettings,
    read: RemoteReadOutcome,
    tries = 1,
  ): Promise<FlightOutcome> {
    const { flight, kind } = this.#flightOf(key, settings, read);
    // The wait is known before the loader runs: see RunningLoad.
    const outcome = this.#awaitFlight(key, flight, kind, loader, settings, tries);
    if (kind !== 'joined') void this.#path.run({ flights: [toFlight(flight, read)], loader, settings, kind });
    return outcome;
  }

  /** One call of the loader for the keys that no other caller loads. `onValue` is told of each value. */
  async many(
    toLoad: readonly KeyToLoad[],
    loader: GroupLoader,
    settings: CallSettings,
    onValue: (key: string, outcome: FlightOutcome) => void,
  ): Promise<void> {
    for (const [key] of toLoad) this.assertNoCycle(key, settings);
    const waits: Promise<void>[] = [];
    const own: Record<'load' | 'crossing', FlightToLoad[]> = { load: [], crossing: [] };
    for (const [key, read] of toLoad) {
      const { flight, kind } = this.#flightOf(key, settings, read);
      if (kind !== 'joined') own[kind].push(toFlight(flight, read));
      waits.push(this.#awaitFlight(key, flight, kind, loader, settings).then((outcome) => onValue(key, outcome)));
    }
    for (const kind of ['load', 'crossing'] as const)
      if (own[kind].length > 0) void this.#path.run({ flights: own[kind], loader, settings, kind });
    await allSettledThenThrow(waits);
  }

  /** @throws LoadCycleError if a load around this call loads the key. */
  assertNoCycle(key: string, { consistency }: CallSettings): void {
    if (consistency === 'bypass') return;
    const chain = RunningLoad.current()?.chainTo(this.parts.flights, this.namespace.memoryKey(key));
    if (chain !== undefined) throw new LoadCycleError([...chain, `${this.namespace.name}:${key}`]);
  }

  /** Reloads entries in the background, with one call of the loader. */
  refreshEarly(entries: readonly DueEntry[], loader: GroupLoader, settings: CallSettings): void {
    const flights: FlightToLoad[] = [];
    for (const { key, seenStoredAtMs } of entries) {
      const memoryKey = this.namespace.memoryKey(key);
      if (this.parts.flights.joinable(memoryKey) !== undefined || this.#earlyRefresh.isBackingOff(memoryKey)) continue;
      const flight = this.#newFlight(key, memoryKey);
      this.parts.flights.add(flight, true);
      this.#earlyRefresh.run(memoryKey, flight.outcome);
      flights.push({ flight, seenStoredAtMs, isRemoteSilent: false });
    }
    if (flights.length > 0) void this.#path.run({ flights, loader, settings, kind: 'early-refresh' });
  }

  /** The flight to wait for: a running one that may be joined, or a new one. */
  #flightOf(
    key: string,
    settings: CallSettings,
    { entry, late }: RemoteReadOutcome,
  ): { flight: Flight; kind: FlightRole } {
    const { flights } = this.parts;
    const memoryKey = this.namespace.memoryKey(key);
    const running = settings.consistency === 'cached' ? flights.joinable(memoryKey) : undefined;
    const isCrossing = running !== undefined && RunningLoad.current()?.isAwaitedBy(running) === true;
    if (running !== undefined && !isCrossing) {
      this.stats.coalesced(key, 'local');
      this.#staleValues.offer(running, settings, entry);
      if (late !== undefined) this.#lateAnswers.race(running, settings, late);
      return { flight: running, kind: 'joined' };
    }
    const flight = this.#newFlight(key, memoryKey);
    this.#staleValues.offer(flight, settings, entry);
    if (late !== undefined) this.#lateAnswers.race(flight, settings, late);
    flights.add(flight, !isCrossing && (settings.consistency === 'cached' || settings.consistency === 'refresh'));
    return { flight, kind: isCrossing ? 'crossing' : 'load' };
  }

  #newFlight(key: string, memoryKey: string): Flight {
    const { table, fence } = this.parts;
    return new Flight({
      key,
      memoryKey,
      snapshot: table.snapshot(this.namespace.generations),
      sequence: table.sequence,
      fenceMark: fence.mark(),
      address: () => this.namespace.address(key),
    });
  }

  /** Waits for a flight and decides what its caller gets. */
  async #awaitFlight(
    key: string,
    flight: Flight,
    kind: FlightRole,
    loader: GroupLoader,
    settings: CallSettings,
    tries = 1,
  ): Promise<FlightOutcome> {
    const joinedSequence = this.parts.table.sequence;
    const load = RunningLoad.current();
    load?.beginWait(flight);
    let outcome: FlightOutcome | 'overdue';
    try {
      const { clock } = this.parts;
      const overdue = kind === 'joined' ? flight.overdue(clock, this.#maxJoinedMs) : undefined;
      const waited = await waitForFlight(flight, settings, clock, () => this.#staleValues.mayServe(flight), overdue);
      if (waited === 'take-stale')
        return this.#staleValues.serve(flight, settings.softTimeoutMs === 0 ? 'revalidating' : 'loader-slow');
      outcome = waited;
    } catch (error) {
      if (settings.signal?.aborted === true || flight.isAbandoned || !this.#staleValues.mayServe(flight)) throw error;
      return this.#staleValues.serve(flight, 'loader-failed');
    } finally {
      load?.endWait(flight);
    }
    if (outcome === 'overdue') {
      // It may wait for this caller in a way that can't be seen. Those that have joined share a new flight.
      flight.detach();
      return this.one(key, loader, settings, NOT_READ, tries);
    }
    const isOlderThanCaller = outcome.hasLateChange && kind === 'joined' && joinedSequence !== flight.startSequence;
    if (!isOlderThanCaller || tries >= MAX_TRIES) return outcome;
    return this.one(key, loader, settings, NOT_READ, tries + 1);
  }
}

function toFlight(flight: Flight, { seenStoredAtMs, isRemoteSilent }: RemoteReadOutcome): FlightToLoad {
  return { flight, seenStoredAtMs, isRemoteSilent };
}
