import type { Clock, TimerHandle } from '../../../../common/clock.js';
import type { EntryView } from '../contract/cache.js';
import type { SlotAddress } from '../ports/remote-tier.js';
import type { Dependency, DependencyTable, VersionSnapshot } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

/** The result of a flight. */
export interface FlightOutcome {
  readonly value: unknown;
  /** True if the loader, or an entry that remembers an absence, said that there is no value. */
  readonly isAbsent: boolean;
  /**
   * True if a tag that only the result named was invalidated during the load. A caller that joined after the invalidation
   * must ask again.
   */
  readonly hasLateChange: boolean;
}

/** A stale value that a flight may serve, with the versions it depended on when it was found. */
export interface StaleOffer {
  readonly view: EntryView<unknown>;
  readonly snapshot: VersionSnapshot;
}

/** Identity of a flight and the state of this instance when it began. */
export interface FlightStart {
  readonly key: string;
  readonly memoryKey: string;
  /** Versions of the generations of its namespace. */
  readonly snapshot: VersionSnapshot;
  /** `DependencyTable.sequence`. */
  readonly sequence: number;
  /** `KeyFence` mark. */
  readonly fenceMark: number;
  readonly address: () => SlotAddress;
}

/**
 * One read or load of one key that is under way on this instance.
 *
 * Invariant: a caller that joins a flight never receives a value that was loaded before an invalidation which the caller
 * could know of. Three steps keep it:
 *
 * 1. `FlightTable.joinable` offers a flight only while nothing in its `snapshot` was invalidated.
 * 2. An invalidation of the key detaches the flight: callers that are waiting get the value, later callers do not join.
 * 3. `hasLateChange` in the outcome covers tags that were unknown until the loader named them.
 *
 * State changes only by the methods of this class, in this order: `dependOn`, `begin` (again in every round that asks for a
 * lease), `startLoader`, `addLateTags`, then `succeed`, `fail`, `refuse` or `abandon`.
 */
export class Flight {
  readonly key: string;
  readonly memoryKey: string;
  /** `DependencyTable.sequence` when the flight began. */
  readonly startSequence: number;
  /** `KeyFence` mark when the flight began. */
  readonly fenceMark: number;
  readonly outcome: Promise<FlightOutcome>;
  #address: () => SlotAddress;
  #dependencies: readonly Dependency[];
  #snapshot: VersionSnapshot;
  #versions: ReadonlyArray<Version | undefined> = [];
  #snapshotSequence: number;
  #stale: StaleOffer | undefined;
  #onStale: (() => void) | undefined;
  #isDetached = false;
  #loaderStartedAtMs: number | undefined;
  #overdue: Promise<'overdue'> | undefined;
  #callers = 0;
  #abandonReason: unknown;
  #onAbandoned: (() => void) | undefined;
  #controller: AbortController | undefined;
  /** Answers of Redis that may still come. */
  #lateAnswers = 0;
  /** The error of the load, while a late answer may still make up for it. */
  #failure: { readonly error: unknown } | undefined;
  #isSettled = false;
  #resolve!: (outcome: FlightOutcome) => void;
  #reject!: (error: unknown) => void;

  constructor(start: FlightStart) {
    this.key = start.key;
    this.memoryKey = start.memoryKey;
    this.startSequence = start.sequence;
    this.fenceMark = start.fenceMark;
    this.#address = start.address;
    this.#snapshot = start.snapshot;
    this.#dependencies = start.snapshot.dependencies;
    this.#snapshotSequence = start.sequence;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Every caller may have left; a failure without a caller is no unhandled rejection.
    this.outcome.catch(() => undefined);
  }

  /** The slot of the key in Redis. Computed when first asked for: a flight without Redis needs none. */
  address(): SlotAddress {
    const address = this.#address();
    this.#address = () => address;
    return address;
  }

  /** Generations and tags that the entry will depend on. Set once, before a lease is taken. */
  get dependencies(): readonly Dependency[] {
    return this.#dependencies;
  }

  /** The entry's dependencies with their epochs from before the loader ran. */
  get snapshot(): VersionSnapshot {
    return this.#snapshot;
  }

  /** Versions of the snapshot's dependencies at that moment; `undefined` where Redis could not tell. */
  get versions(): ReadonlyArray<Version | undefined> {
    return this.#versions;
  }

  /** `DependencyTable.sequence` at that moment. */
  get snapshotSequence(): number {
    return this.#snapshotSequence;
  }

  /** A value within its grace, to serve when the loader fails or is slow. */
  get stale(): StaleOffer | undefined {
    return this.#stale;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  dependOn(dependencies: readonly Dependency[]): void {
    this.#dependencies = dependencies;
  }

  /** Records the versions that the entry will be stored under. Called before the loader runs, never after. */
  begin(table: DependencyTable): void {
    this.#snapshot = table.snapshot(this.#dependencies);
    this.#versions = this.#dependencies.map((dependency) => dependency.version);
    this.#snapshotSequence = table.sequence;
    for (const dependency of this.#dependencies) dependency.claim(this);
  }

  /** The loader runs from now on. */
  startLoader(nowMs: number): void {
    this.#loaderStartedAtMs = nowMs;
  }

  /** Resolves when the loader has run for `maxMs`: callers that have joined then wait no longer. */
  overdue(clock: Clock, maxMs: number): Promise<'overdue'> {
    return (this.#overdue ??= new Promise((resolve) => {
      let timer: TimerHandle;
      const wait = (delayMs: number): void => {
        timer = clock.setTimer(() => {
          const ranMs = this.#loaderStartedAtMs === undefined ? 0 : clock.nowMs() - this.#loaderStartedAtMs;
          if (ranMs < maxMs) wait(maxMs - ranMs);
          else resolve('overdue');
        }, delayMs);
      };
      wait(maxMs);
      const cancel = (): void => timer.cancel();
      this.outcome.then(cancel, cancel);
    }));
  }

  /** Adds tags that only the loader's result named. */
  addLateTags(table: DependencyTable, tags: readonly Dependency[]): void {
    const late = table.snapshot(tags);
    this.#dependencies = [...this.#dependencies, ...tags];
    this.#snapshot = {
      dependencies: this.#dependencies,
      hardEpochs: [...this.#snapshot.hardEpochs, ...late.hardEpochs],
      softEpochs: [...this.#snapshot.softEpochs, ...late.softEpochs],
    };
    this.#versions = [...this.#versions, ...tags.map((tag) => tag.version)];
    for (const tag of tags) tag.claim(this);
  }

  /** Adds the versions that were unknown when the load began. They must not have changed since. */
  addMissingVersions(): void {
    this.#versions = this.#dependencies.map((dependency, i) => this.#versions[i] ?? dependency.version);
  }

  succeed(outcome: FlightOutcome): void {
    this.#isSettled = true;
    this.#resolve(outcome);
  }

  /** Fails as soon as no late answer of Redis can make up for it. */
  fail(error: unknown): void {
    if (this.#lateAnswers > 0) this.#failure ??= { error };
    else this.#failNow(error);
  }

  #failNow(error: unknown): void {
    this.#isSettled = true;
    this.#reject(error);
  }

  /**
   * Lets the late answer of a read race the loader. The first outcome settles the flight, and where that is the answer, the
   * loader is told to stop.
   *
   * @param answer the outcome that it allows, or `undefined`; it never rejects.
   */
  hedge(answer: Promise<FlightOutcome | undefined>): void {
    this.#lateAnswers++;
    void answer.then((outcome) => {
      this.#lateAnswers--;
      if (this.#isSettled) return;
      if (outcome !== undefined) this.#settleEarly(outcome);
      else if (this.#lateAnswers === 0 && this.#failure !== undefined) this.#failNow(this.#failure.error);
    });
  }

  #settleEarly(outcome: FlightOutcome): void {
    this.succeed(outcome);
    this.#stopLoader(new DOMException('Redis answered before the loader.', 'AbortError'));
  }

  #stopLoader(reason: Error): void {
    this.detach();
    this.#abandonReason = reason;
    this.#onAbandoned?.();
  }

  /** Later callers start a flight of their own. */
  detach(): void {
    this.#isDetached = true;
  }

  /** Ends a flight that may not load, and lets later callers start one of their own. */
  refuse(reason: Error): void {
    this.detach();
    this.#failNow(reason);
  }

  /** Keeps the first stale value that is offered. */
  offerStale(offer: StaleOffer): void {
    this.#stale = offer;
    this.#onStale?.();
  }

  /** Resolves as soon as the flight has a stale value. */
  staleOffered(): Promise<void> {
    return this.#stale === undefined
      ? new Promise((resolve) => (this.#onStale = chain(this.#onStale, resolve)))
      : Promise.resolve();
  }

  /** True if the result is not wanted any more: the last caller gave up, or the cache closes. */
  get isAbandoned(): boolean {
    return this.#abandonReason !== undefined;
  }

  /** Aborts when the flight is abandoned. Made when first asked for: most loaders do not ask. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onAbandoned((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /** Calls the listener once when the flight is abandoned; at once if it already is. */
  onAbandoned(listener: (reason: unknown) => void): void {
    const notify = (): void => listener(this.#abandonReason);
    if (this.isAbandoned) notify();
    else this.#onAbandoned = chain(this.#onAbandoned, notify);
  }

  get hasCallers(): boolean {
    return this.#callers > 0;
  }

  enter(): void {
    this.#callers++;
  }

  /** A caller has its value, or will not wait longer. The flight goes on for later callers. */
  leave(): void {
    this.#callers--;
  }

  /** A caller does not want the result any more. After the last one the loader is told to stop. */
  giveUp(): void {
    this.leave();
    if (!this.hasCallers) this.abandon(new DOMException('No caller waits for this load any more.', 'AbortError'));
  }

  /** Ends the flight for every caller: the loader is told to stop, and no caller joins any more. */
  abandon(reason: Error): void {
    if (this.isAbandoned) return;
    this.#failNow(reason);
    this.#stopLoader(reason);
  }
}

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return first === undefined
    ? second
    : () => {
        first();
        second();
      };
}
