import { WeakValues } from '../../../../common/weak-values.js';
import { compareLogIds, LOG_START, type LogId } from './log-id.js';
import { isSameHard, type Version } from './version.js';

/**
 * What this instance knows of one tag or one namespace's generation. Entries in memory hold the object itself and the
 * epochs they saw, so checking them needs no look-up.
 */
export class Dependency {
  /** Changes with every invalidation, and whenever what is known can't be relied on any more. */
  hardEpoch = 0;
  /** Changes with every expiry. */
  softEpoch = 0;
  /** The version in Redis, when known. */
  version: Version | undefined = undefined;
  /** Position of the log entry that set it: an older one that arrives later is ignored. */
  versionAt: LogId = LOG_START;

  constructor(
    readonly id: string,
    /** Position reached when it was made: one of the same id may have been known, and forgotten, before. */
    public unknownUntil: LogId,
  ) {}
}

/** Dependencies with the epochs they had at one moment: before a load, or when an entry was stored. */
export interface Capture {
  readonly dependencies: readonly Dependency[];
  readonly hardEpochs: readonly number[];
  readonly softEpochs: readonly number[];
}

/** What became of a capture since. */
export type CaptureState = 'current' | 'expired' | 'invalidated';

/**
 * Local knowledge of tags and generations, kept true by the invalidation log. Bounded: past `maxSize` the least
 * recently created tags are forgotten, which makes the entries in memory that carry them misses. A generation is known
 * for as long as a namespace, a load or an entry in memory holds it.
 */
export class DependencyTable {
  /** Grows with every change; an entry checked at this sequence needs no further check. */
  sequence = 0;
  readonly #tags = new Map<string, Dependency>();
  readonly #generations = new WeakValues<Dependency>();
  /** Ids changed lately, with the sequence of their last change, oldest first. */
  readonly #recent = new Map<string, number>();
  // One iterator for good: every new one would first walk over the places of all that was deleted.
  readonly #oldestTags = this.#tags.values();
  readonly #oldestRecent = this.#recent.entries();
  /** Changes up to this sequence are no longer remembered. */
  #recentFloor = 0;
  /** The last position that set a version, of whatever dependency. */
  #latestAt: LogId = LOG_START;

  constructor(
    private readonly maxSize = 200_000,
    private readonly maxRecent = 20_000,
  ) {}

  get size(): number {
    return this.#tags.size + this.#generations.size;
  }

  /** The dependency of this id, made when new. */
  of(id: string): Dependency {
    const known = this.find(id);
    if (known !== undefined) return known;
    const made = new Dependency(id, this.#latestAt);
    if (isGeneration(id)) this.#generations.set(id, made);
    else {
      this.#tags.set(id, made);
      if (this.#tags.size > this.maxSize) this.#forgetOldestTag();
    }
    return made;
  }

  find(id: string): Dependency | undefined {
    return isGeneration(id) ? this.#generations.get(id) : this.#tags.get(id);
  }

  capture(dependencies: readonly Dependency[]): Capture {
    return {
      dependencies,
      hardEpochs: dependencies.map((dependency) => dependency.hardEpoch),
      softEpochs: dependencies.map((dependency) => dependency.softEpoch),
    };
  }

  check(capture: Capture): CaptureState {
    const { dependencies, hardEpochs, softEpochs } = capture;
    let state: CaptureState = 'current';
    for (let i = 0; i < dependencies.length; i++) {
      const dependency = dependencies[i]!;
      if (dependency.hardEpoch !== hardEpochs[i]) return 'invalidated';
      if (dependency.softEpoch !== softEpochs[i]) state = 'expired';
    }
    return state;
  }

  /** Whether it changed after `sequence`, or that is no longer remembered. */
  hasChangedSince(id: string, sequence: number): boolean {
    return sequence < this.#recentFloor || (this.#recent.get(id) ?? 0) > sequence;
  }

  /** Makes everything that carries it a miss; what is known of its version is dropped. */
  invalidate(dependency: Dependency): void {
    dependency.hardEpoch++;
    dependency.version = undefined;
    this.#changed(dependency.id);
  }

  /** As {@link invalidate}, by id: also what has not been seen yet counts as changed now. */
  invalidateId(id: string): void {
    const dependency = this.find(id);
    if (dependency === undefined) this.#changed(id);
    else this.invalidate(dependency);
  }

  /** Makes everything that carries it stale. The version stays, so that the new one is recognised as an expiry of it. */
  expire(dependency: Dependency): void {
    dependency.softEpoch++;
    this.#changed(dependency.id);
  }

  /** The log says that the version changed at `at`. */
  apply(id: string, version: Version, at: LogId): void {
    const dependency = this.find(id);
    if (compareLogIds(at, this.#latestAt) > 0) this.#latestAt = at;
    if (dependency === undefined) {
      this.#changed(id);
      return;
    }
    if (compareLogIds(at, dependency.unknownUntil) <= 0) {
      // It may be older than what was forgotten: who is right is for Redis to say.
      this.invalidate(dependency);
      return;
    }
    const order = compareLogIds(at, dependency.versionAt);
    if (order === 0) return;
    if (order < 0) {
      // Out of order, or the later one was forged: who is right is for Redis to say.
      if (dependency.version !== version) this.invalidate(dependency);
      return;
    }
    dependency.versionAt = at;
    if (dependency.version === version) {
      // Redis told it before the log did: what was loaded or stored in between did not hear of the change.
      dependency.hardEpoch++;
      this.#changed(id);
    } else this.#move(dependency, version);
  }

  /** Redis was asked for the version; believed only if nothing changed since `hardEpoch` and `softEpoch` were read. */
  learn(dependency: Dependency, version: Version, hardEpoch: number, softEpoch: number): void {
    if (dependency.hardEpoch !== hardEpoch || dependency.softEpoch !== softEpoch || dependency.version === version)
      return;
    // A version that differs from the one that was known: the change was missed, so entries in memory are void as well.
    if (dependency.version === undefined) dependency.version = version;
    else this.#move(dependency, version);
  }

  /** Nothing known can be relied on: the log could not be followed. */
  forgetAll(): void {
    for (const known of [this.#tags.values(), this.#generations.values()]) {
      for (const dependency of known) {
        dependency.hardEpoch++;
        dependency.version = undefined;
        dependency.versionAt = LOG_START;
        dependency.unknownUntil = this.#latestAt;
      }
    }
    this.#recent.clear();
    this.#recentFloor = ++this.sequence;
  }

  #move(dependency: Dependency, version: Version): void {
    if (dependency.version !== undefined && isSameHard(dependency.version, version)) dependency.softEpoch++;
    else dependency.hardEpoch++;
    dependency.version = version;
    this.#changed(dependency.id);
  }

  #changed(id: string): void {
    this.sequence++;
    this.#recent.delete(id);
    this.#recent.set(id, this.sequence);
    if (this.#recent.size <= this.maxRecent) return;
    const [oldest, sequence] = this.#oldestRecent.next().value!;
    this.#recent.delete(oldest);
    this.#recentFloor = sequence;
  }

  #forgetOldestTag(): void {
    const oldest = this.#oldestTags.next().value!;
    this.#tags.delete(oldest.id);
    this.invalidate(oldest);
  }
}

function isGeneration(id: string): boolean {
  return id.charCodeAt(0) === 0x67;
}
