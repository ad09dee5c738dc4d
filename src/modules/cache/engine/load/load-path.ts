import type { Core } from '../parts/engine-parts.js';
import type { Dependency } from '../versions/dependency-table.js';
import { FillPath } from './fill-path.js';
import type { Flight } from '../local/flight.js';
import { type GroupLoader, runLoader } from './load-run.js';
import type { LoadSettings } from '../parts/call-settings.js';
import type { RemoteLevel } from '../remote/remote-level.js';
import type { LeaseBook } from './leases.js';
import type { Leased } from './leased.js';
import type { LoadGate } from './load-limiter.js';
import type { HeldLease, LeaseAnswer, LeaseMode } from '../ports/remote-tier.js';
import type { Scope } from '../names/namespace.js';

/** Who waits for another instance's load gives up after this by default, and loads without the right to store. */
const MAX_WAIT_MS = 10_000;
/** Waiters look again after this at first, growing, in case the wake-up was lost. */
const FIRST_LOOK_MS = 50;
/** An entry that keeps being filled and found invalid is not worth more leases. */
const MAX_ROUNDS_FOUND_INVALID = 3;

/** An early refresh is dropped where another instance has the lease, unless callers have joined it. */
export type FlightKind = 'load' | 'early-refresh';

/**
 * The slow part of a read, for one key or many that neither tier had: lease, loader, fill. Settles every flight it is
 * given; what to serve when that fails or takes long is the caller's business.
 */
export class LoadPath {
  readonly #fills: FillPath;

  constructor(
    private readonly core: Core,
    private readonly scope: Scope,
    private readonly leases: LeaseBook | undefined,
    private readonly gate: LoadGate,
  ) {
    this.#fills = new FillPath(core, scope);
  }

  async run(missing: readonly Missing[], loader: GroupLoader, settings: LoadSettings, kind: FlightKind): Promise<void> {
    try {
      // A tag that can't be meant fails before anything is leased.
      for (const { flight } of missing) this.#tagsOf(flight, settings);
      await this.#leaseAndLoad(missing, loader, settings, kind);
    } catch (error) {
      for (const { flight } of missing) flight.fail(error);
    }
  }

  async #leaseAndLoad(
    missing: readonly Missing[],
    loader: GroupLoader,
    settings: LoadSettings,
    kind: FlightKind,
  ): Promise<void> {
    const { remote, clock, events } = this.core;
    for (const { flight } of kind === 'load' ? missing : []) {
      this.core.counters.misses++;
      if (events.has('miss')) events.emit('miss', { cache: this.scope.name, key: flight.key });
    }
    const deadlineMs = clock.nowMs() + (this.scope.defaults.maxLoadMs ?? MAX_WAIT_MS);
    const mode: LeaseMode = settings.consistency === 'refresh' ? 'steal' : 'load';
    let waiting = missing;
    for (let round = 0; ; round++) {
      waiting = waiting.filter(({ flight }) => !flight.isAbandoned);
      if (waiting.length === 0) return;
      const usesLeases = remote !== undefined && settings.usesRedis && settings.consistency !== 'bypass';
      const answers = usesLeases ? await this.#askForLeases(remote, waiting, settings, mode) : undefined;
      if (answers === undefined) {
        if (!usesLeases) this.#capture(waiting, settings);
        return this.#load(
          waiting.map(({ flight }) => ({ flight, lease: undefined })),
          loader,
          settings,
          true,
        );
      }
      const isLastRound = clock.nowMs() >= deadlineMs;
      const { granted, held, hopeless } = await this.#sort(remote!, answers, settings, round, isLastRound);
      const awaited = held.filter(({ flight }) => kind === 'load' || flight.hasCallers);
      const wanted = hopeless.filter(({ flight }) => flight.hasCallers);
      for (const { flight } of [...held, ...hopeless]) {
        if (flight.hasCallers || (kind === 'load' && !isLastRound)) continue;
        flight.isDetached = true;
        flight.fail(new Error('Another instance loads this entry.'));
      }
      const loads = [this.#load(granted, loader, settings, true)];
      if (wanted.length > 0) loads.push(this.#load(wanted, loader, settings, false));
      if (awaited.length > 0) loads.push(this.#waitFor(remote!, awaited, round, deadlineMs));
      await Promise.all(loads);
      waiting = awaited;
    }
  }

  async #askForLeases(
    remote: RemoteLevel,
    waiting: readonly Missing[],
    settings: LoadSettings,
    mode: LeaseMode,
  ): Promise<Answered[] | undefined> {
    const isPossible =
      remote.tier.canWrite() &&
      // The script may answer with what is in the slot.
      waiting.every(
        ({ flight, isRemoteSilent }) =>
          !isRemoteSilent && remote.mayRead(flight.memoryKey) && !this.#isVoidInRedis(flight, settings),
      );
    if (!isPossible) {
      this.#capture(waiting, settings);
      return undefined;
    }
    const requests = waiting.map(({ flight, seen }) => ({
      address: flight.address(),
      token: this.leases!.newToken(),
      seenStoredAtMs: seen,
    }));
    const [answers] = await Promise.all([
      remote.tier.lease(requests, mode, this.leases!.leaseMs, this.scope.defaults.readPatienceMs),
      this.#captureKnown(remote, waiting, settings),
    ]);
    // The script may have run, or will: a lease nobody knows of would keep others waiting.
    if (answers === undefined) remote.tier.release(requests);
    return answers?.map((answer, i) => ({ ...waiting[i]!, lease: requests[i]!, answer }));
  }

  async #sort(
    remote: RemoteLevel,
    answers: readonly Answered[],
    settings: LoadSettings,
    round: number,
    isLastRound: boolean,
  ) {
    const granted: Leased[] = [];
    const held: Held[] = [];
    const hopeless: Leased[] = [];
    for (const { flight, seen, lease, answer } of answers) {
      if (answer.kind === 'granted') granted.push({ flight, lease });
      else if (isLastRound) hopeless.push({ flight, lease: undefined });
      else if (answer.kind === 'held') held.push({ flight, seen, isRemoteSilent: false, leftMs: answer.leftMs });
      else {
        const { found, seenStoredAtMs } = await remote.examine(
          settings.reading,
          flight.key,
          flight.address(),
          answer.slot,
          flight.fenceMark,
        );
        if (found !== undefined && !found.isStale)
          flight.succeed({ value: found.value, isAbsent: found.isAbsent, hasLateChange: false });
        else if (round >= MAX_ROUNDS_FOUND_INVALID) hopeless.push({ flight, lease: undefined });
        else held.push({ flight, seen: seenStoredAtMs, isRemoteSilent: false, leftMs: 0 });
      }
    }
    return { granted, held, hopeless };
  }

  /** Until another instance filled or gave up one of the slots, its lease ran out, or it is time to look again. */
  async #waitFor(remote: RemoteLevel, held: readonly Held[], round: number, deadlineMs: number): Promise<void> {
    if (this.core.events.has('coalesced'))
      for (const { flight } of held)
        this.core.events.emit('coalesced', { cache: this.scope.name, key: flight.key, scope: 'remote' });
    const lookAgainMs = FIRST_LOOK_MS * 2 ** Math.min(round, 6) * (0.5 + Math.random());
    const leftMs = deadlineMs - this.core.clock.nowMs();
    await Promise.all(
      held.map(({ flight, leftMs: leaseLeftMs }) =>
        remote.tier.waitForChange(
          flight.address(),
          Math.max(0, Math.min(leaseLeftMs + 1, lookAgainMs, leftMs)),
          flight.signal,
        ),
      ),
    );
  }

  /** `mayStore` is false for those who waited for a lease in vain. */
  async #load(
    leased: readonly Leased[],
    loader: GroupLoader,
    settings: LoadSettings,
    mayStore: boolean,
  ): Promise<void> {
    if (leased.length === 0) return;
    const { core } = this;
    const held = leased.flatMap(({ lease }) => (lease === undefined ? [] : [lease]));
    const stopRenewing =
      held.length > 0 ? this.leases!.keep(held, this.leases!.leaseMs, this.scope.defaults.maxLoadMs) : undefined;
    const keys = leased.map(({ flight }) => flight.key);
    const startedAtMs = core.clock.nowMs();
    try {
      const result = await runLoader(
        this.gate,
        core.clock,
        loader,
        leased.map(({ flight }) => flight),
      );
      this.leases?.observe(result.durationMs);
      core.events.emit('load', { cache: this.scope.name, key: keys[0]!, durationMs: result.durationMs, outcome: 'ok' });
      stopRenewing?.();
      await this.#fills.fill(leased, result, settings, mayStore);
    } catch (error) {
      stopRenewing?.();
      core.events.emit('load', {
        cache: this.scope.name,
        key: keys[0]!,
        durationMs: core.clock.nowMs() - startedAtMs,
        outcome: leased.every(({ flight }) => flight.isAbandoned) ? 'aborted' : 'failed',
      });
      if (held.length > 0) core.remote!.tier.release(held);
      for (const { flight } of leased) flight.fail(error);
    }
  }

  /** What the entries will depend on, with versions that Redis has now; before the loader runs. */
  async #captureKnown(remote: RemoteLevel, waiting: readonly Missing[], settings: LoadSettings): Promise<void> {
    const all = new Set<Dependency>(this.scope.generations);
    for (const { flight } of waiting) for (const tag of this.#tagsOf(flight, settings)) all.add(tag);
    if (remote.tier.canRead()) await remote.versions.know([...all]);
    this.#capture(waiting, settings);
  }

  #capture(waiting: readonly Missing[], settings: LoadSettings): void {
    const { table } = this.core;
    for (const { flight } of waiting) {
      const dependencies = [...this.scope.generations, ...this.#tagsOf(flight, settings)];
      flight.capture = table.capture(dependencies);
      flight.versions = dependencies.map((dependency) => dependency.version);
      flight.captureSequence = table.sequence;
    }
  }

  /** What would be stored would be void: everyone who reads it would have to load it again, one after the other. */
  #isVoidInRedis(flight: Flight, settings: LoadSettings): boolean {
    const { outbox, suppressed } = this.core;
    if (outbox.size === 0 && suppressed.isEmpty) return false;
    const isVoid = ({ id }: Dependency): boolean => outbox.modeOf(id) === 'hard' || suppressed.hasDependency(id);
    return this.scope.generations.some(isVoid) || this.#tagsOf(flight, settings).some(isVoid);
  }

  #tagsOf(flight: Flight, settings: LoadSettings): Dependency[] {
    return this.scope.tags([...settings.tags, ...(settings.tagsOf?.(flight.key) ?? [])]);
  }
}

/** A flight that found nothing to serve. */
export interface Missing {
  readonly flight: Flight;
  /** Stored-at of the entry that was found invalid or stale. */
  readonly seen: number | undefined;
  /** Redis did not answer this flight's read in time: it is not asked for a lease as well. */
  readonly isRemoteSilent: boolean;
}

interface Held extends Missing {
  readonly leftMs: number;
}

interface Answered extends Missing {
  readonly lease: HeldLease;
  readonly answer: LeaseAnswer;
}
