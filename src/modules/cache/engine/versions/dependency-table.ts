import { BoundedMap } from '../../../../common/bounded-map.js';
import { WeakValues } from '../../../../common/weak-values.js';
import { RecentChanges } from './recent-changes.js';
import { compareLogIds, LOG_START, type LogId } from './log-id.js';
import { isSameHard, type Version } from './version.js';

/**
 * The knowledge of this instance about one tag or one namespace's generation. Entries in memory hold the object itself and
 * the epochs they were stored under, so checking them needs no look-up.
 */
export class Dependency {
  /** Grows with every invalidation, and whenever the known version is not reliable any more. */
  hardEpoch = 0;
  /** Grows with every expiry. */
  softEpoch = 0;
  /** Number of invalidations and expiries that began on this instance, or that it treats like these. */
  localChanges = 0;
  /** The version in Redis, when known. */
  version: Version | undefined = undefined;
  /** Position of the log entry that set the version. An older entry that arrives later is ignored. */
  versionAt: LogId = LOG_START;
  /** Redis keeps the version until then (monotonic milliseconds of this process's clock), as far as is known; 0: unknown. */
  keptUntilMs = 0;
  /** Entries in memory that depend on it. Counted for tags only: a generation is kept by references. */
  entries = 0;
  /** The only user of a version that was made for it; see {@link claim}. */
  #loneUser: object | undefined;

  constructor(
    readonly id: string,
    /**
     * Log position at creation. Entries up to here may concern an earlier `Dependency` of the same id that was forgotten, so
     * they are not believed.
     */
    public unknownUntil: LogId,
  ) {}

  /** Redis has made the version on request of this instance, and no load or write uses it yet. */
  markAsMade(): void {
    this.#loneUser = NO_USER;
  }

  /**
   * A load or write uses the version from now on. The first user of a version that was made here is its lone user: it decides
   * how long Redis keeps it, and removes it if it stores nothing. A second user ends that.
   */
  claim(user: object): void {
    if (this.#loneUser === undefined || this.#loneUser === user) return;
    this.#loneUser = this.#loneUser === NO_USER ? user : undefined;
  }

  isUsedOnlyBy(user: object): boolean {
    return this.#loneUser === user;
  }

  /** Something is stored under the version, or others may use it. */
  endLoneUse(): void {
    this.#loneUser = undefined;
  }

  /** Replaces the known version. Nothing is known about how long Redis keeps it. */
  setVersion(version: Version | undefined): void {
    this.version = version;
    this.keptUntilMs = 0;
    this.#loneUser = undefined;
  }
}

const NO_USER = {};

/** Bytes of a tag beside its name: the object, its version and its places in the maps, as `bench/memory.mjs` measures. */
const TAG_OVERHEAD_BYTES = 300;
const DEFAULT_IDLE_TAGS = 50_000;

/** Dependencies with the epochs they had at one moment: before a load, or when an entry was stored. */
export interface VersionSnapshot {
  readonly dependencies: readonly Dependency[];
  readonly hardEpochs: readonly number[];
  readonly softEpochs: readonly number[];
}

/** `known`: the acknowledgement or the echo of an invalidation that this instance made, and recorded at its call. */
export type ChangeOrigin = 'new' | 'known';

/** How a snapshot compares with the present epochs. */
export type SnapshotState = 'current' | 'expired' | 'invalidated';

/**
 * Local knowledge of tags and generations, kept up to date by the invalidation log.
 *
 * Invariant: after an invalidation is known here, `check` says `invalidated` for every snapshot that was taken before.
 * Forgetting is safe, because it counts as an invalidation:
 *
 * 1. A tag is known for as long as an entry in memory carries it. Of the others, the idle ones, the newest `maxIdleTags` are
 *    known. A load that depends on a tag which is forgotten meanwhile stores nothing.
 * 2. A generation is known for as long as a namespace, a load or an entry in memory holds it.
 * 3. A version from Redis is recorded only if no epoch changed while it was fetched ({@link recordFetched}); a version from
 *    the log only if its position is newer than that of the known one ({@link recordFromLog}).
 */
export class DependencyTable {
  /** Grows with every change; an entry checked at this sequence needs no further check. */
  sequence = 0;
  readonly #tags = new Map<string, Dependency>();
  /** Those of the tags that no entry in memory carries. */
  readonly #idleTags: BoundedMap<string, Dependency>;
  #tagBytes = 0;
  readonly #generations = new WeakValues<Dependency>();
  /** Invalidations and expiries. */
  readonly #changes: RecentChanges;
  readonly #invalidations: RecentChanges;
  /** The last position that set a version of any dependency. */
  #latestAt: LogId = LOG_START;

  constructor(maxIdleTags = DEFAULT_IDLE_TAGS, maxRecent = 20_000) {
    this.#idleTags = new BoundedMap(maxIdleTags);
    this.#changes = new RecentChanges(maxRecent);
    this.#invalidations = new RecentChanges(maxRecent);
  }

  get size(): number {
    return this.#tags.size + this.#generations.size;
  }

  /** Number of known tags. */
  get tagCount(): number {
    return this.#tags.size;
  }

  /** Bytes of the known tags, as estimated. */
  get tagBytes(): number {
    return this.#tagBytes;
  }

  /** How many idle tags take at most so many bytes. */
  static idleTagsWithin(bytes: number): number {
    return Math.max(1_000, Math.floor(bytes / (TAG_OVERHEAD_BYTES + 50)));
  }

  /** The dependency of this id, made when new. */
  getOrCreate(id: string): Dependency {
    const known = this.find(id);
    if (known !== undefined) return known;
    const made = new Dependency(id, this.#latestAt);
    if (isGeneration(id)) this.#generations.set(id, made);
    else {
      this.#tags.set(id, made);
      this.#tagBytes += bytesOf(made);
      this.#rest(made);
    }
    return made;
  }

  /** An entry with these dependencies is in memory now. */
  retain({ dependencies }: VersionSnapshot): void {
    for (const dependency of dependencies) {
      if (dependency.entries++ === 0 && !isGeneration(dependency.id)) this.#idleTags.delete(dependency.id);
    }
  }

  /** An entry with these dependencies has left memory. */
  release({ dependencies }: VersionSnapshot): void {
    for (const dependency of dependencies) {
      if (--dependency.entries === 0 && this.#tags.get(dependency.id) === dependency) this.#rest(dependency);
    }
  }

  /** Keeps an idle tag, and forgets the oldest one where there are too many. Its id counts as changed for loads that hold it. */
  #rest(tag: Dependency): void {
    const forgotten = this.#idleTags.set(tag.id, tag)?.[1];
    if (forgotten === undefined) return;
    this.#tags.delete(forgotten.id);
    this.#tagBytes -= bytesOf(forgotten);
    // No entry in memory carries it, so none has to be checked again.
    forgotten.hardEpoch++;
    forgotten.localChanges++;
    forgotten.setVersion(undefined);
  }

  find(id: string): Dependency | undefined {
    return isGeneration(id) ? this.#generations.get(id) : this.#tags.get(id);
  }

  snapshot(dependencies: readonly Dependency[]): VersionSnapshot {
    return {
      dependencies,
      hardEpochs: dependencies.map((dependency) => dependency.hardEpoch),
      softEpochs: dependencies.map((dependency) => dependency.softEpoch),
    };
  }

  check(snapshot: VersionSnapshot): SnapshotState {
    const { dependencies, hardEpochs, softEpochs } = snapshot;
    let state: SnapshotState = 'current';
    for (let i = 0; i < dependencies.length; i++) {
      const dependency = dependencies[i]!;
      if (dependency.hardEpoch !== hardEpochs[i]) return 'invalidated';
      if (dependency.softEpoch !== softEpochs[i]) state = 'expired';
    }
    return state;
  }

  /**
   * Whether a tag or generation was invalidated or expired after `sequence`, or may have been: older changes are forgotten.
   * An invalidation by this instance counts at its call, and not again when Redis acknowledges it.
   */
  hasChangedSince(id: string, sequence: number): boolean {
    return this.#changes.hasChangedSince(id, sequence);
  }

  /** As {@link hasChangedSince}, without expiries. */
  wasInvalidatedSince(id: string, sequence: number): boolean {
    return this.#invalidations.hasChangedSince(id, sequence);
  }

  /** Makes every entry that carries the dependency a miss, and drops the known version. */
  invalidate(dependency: Dependency, origin: ChangeOrigin = 'new'): void {
    dependency.hardEpoch++;
    if (origin === 'new') dependency.localChanges++;
    dependency.setVersion(undefined);
    this.#changed(dependency.id, 'hard', origin);
  }

  /** As {@link invalidate}, by id. A dependency that is not known here counts as changed now, too. */
  invalidateId(id: string): void {
    const dependency = this.find(id);
    if (dependency === undefined) this.#changed(id, 'hard', 'new');
    else this.invalidate(dependency);
  }

  /** Makes every entry that carries the dependency stale. The version stays, so that the next one is recognised as its expiry. */
  expire(dependency: Dependency, origin: ChangeOrigin = 'new'): void {
    dependency.softEpoch++;
    if (origin === 'new') dependency.localChanges++;
    this.#changed(dependency.id, 'soft', origin);
  }

  /** Records a version that the log says was set at position `at`. */
  recordFromLog(id: string, version: Version, at: LogId, origin: ChangeOrigin = 'new'): void {
    const dependency = this.find(id);
    if (compareLogIds(at, this.#latestAt) > 0) this.#latestAt = at;
    if (dependency === undefined) {
      this.#changed(id, 'hard', origin);
      return;
    }
    if (compareLogIds(at, dependency.unknownUntil) <= 0) {
      // The entry may be older than the version that was forgotten. The next read asks Redis.
      this.invalidate(dependency, origin);
      return;
    }
    const order = compareLogIds(at, dependency.versionAt);
    if (order === 0) return;
    if (order < 0) {
      // Out of order, or the later entry was forged. The next read asks Redis.
      if (dependency.version !== version) this.invalidate(dependency, origin);
      return;
    }
    dependency.versionAt = at;
    if (dependency.version === version) {
      // Redis answered this version before the log brought it: values loaded or stored in between did not see the change.
      dependency.hardEpoch++;
      this.#changed(id, 'hard', origin);
    } else this.#setVersion(dependency, version, origin);
  }

  /**
   * Records a version that was fetched from Redis. Returns false if the epochs have changed since the fetch began: it is
   * ignored then.
   */
  recordFetched(dependency: Dependency, version: Version, hardEpoch: number, softEpoch: number): boolean {
    if (dependency.hardEpoch !== hardEpoch || dependency.softEpoch !== softEpoch) return false;
    if (dependency.version === version) return true;
    // The fetched version differs from the known one: a change was missed, so entries in memory are invalid as well.
    if (dependency.version === undefined) dependency.setVersion(version);
    else this.#setVersion(dependency, version, 'new');
    return true;
  }

  /**
   * Forgets a version that Redis may not keep any more. No change was heard of, so entries in memory stay valid, and another
   * version that Redis answers next is no sign of one.
   */
  lapse(dependency: Dependency): void {
    dependency.setVersion(undefined);
  }

  /** Forgets every version: the log could not be followed without a gap, so any tag may have been invalidated. */
  forgetAll(): void {
    for (const known of [this.#tags.values(), this.#generations.values()]) {
      for (const dependency of known) {
        dependency.hardEpoch++;
        dependency.setVersion(undefined);
        dependency.versionAt = LOG_START;
        dependency.unknownUntil = this.#latestAt;
      }
    }
    this.sequence++;
    this.#changes.addAll(this.sequence);
    this.#invalidations.addAll(this.sequence);
  }

  #setVersion(dependency: Dependency, version: Version, origin: ChangeOrigin): void {
    const isExpiry = dependency.version !== undefined && isSameHard(dependency.version, version);
    if (isExpiry) dependency.softEpoch++;
    else dependency.hardEpoch++;
    dependency.setVersion(version);
    this.#changed(dependency.id, isExpiry ? 'soft' : 'hard', origin);
  }

  #changed(id: string, kind: 'hard' | 'soft', origin: ChangeOrigin): void {
    this.sequence++;
    if (origin === 'known') return;
    this.#changes.add(id, this.sequence);
    if (kind === 'hard') this.#invalidations.add(id, this.sequence);
  }
}

function bytesOf({ id }: Dependency): number {
  return TAG_OVERHEAD_BYTES + 2 * id.length;
}

function isGeneration(id: string): boolean {
  return id.charCodeAt(0) === 0x67;
}
