import { RoundBatch } from '../../../../common/round-batch.js';
import type { Clock } from '../../../../common/clock.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { Version } from '../versions/version.js';

/** Versions that change more often than this while they are read are left alone. */
const MAX_FETCHES = 3;

/** A load of this length is sure to find its versions in Redis when it stores its result, milliseconds. */
export const LOAD_MS = 300_000;
/** The same for a write, which is sent at once. */
export const WRITE_MS = 10_000;
/** Redis keeps a version for so long from when it is asked for, milliseconds: a load asks again only after the rest of it. */
const HOLD_MS = 2 * LOAD_MS;

/** Versions that Redis answered, by id; `undefined` where it has none. */
export type Versions = ReadonlyMap<string, Version | undefined>;

/** A load, with what its entry depends on. */
export interface VersionUser {
  readonly dependencies: readonly Dependency[];
}

/** Current versions of tags and generations, from Redis, remembered in the table. */
export class RemoteVersions {
  /** Loads that start together depend on the same generations: each version is asked for once in a round. */
  readonly #reads = new RoundBatch((ids: readonly string[]) => this.#read(ids));
  readonly #holds = new RoundBatch((dependencies: readonly Dependency[]) => this.#hold(dependencies));

  constructor(
    private readonly tier: RemoteTier,
    private readonly table: DependencyTable,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the versions of these dependencies known and has Redis keep them for `forMs` milliseconds at least, so that an entry
   * can be stored under them; those that Redis lacks are made. `false`: Redis gave no version for one of them.
   */
  async hold(dependencies: readonly Dependency[], forMs: number): Promise<boolean> {
    // A version that changes during the request is fetched again: the first beat of the log follower forgets every version.
    for (let tries = 0; tries < MAX_FETCHES; tries++) {
      const nowMs = this.clock.nowMs();
      const wanted = dependencies.filter((one) => one.version === undefined || one.keptUntilMs < nowMs + forMs);
      if (wanted.length === 0) return true;
      for (const dependency of wanted) if (dependency.keptUntilMs <= nowMs) this.table.lapse(dependency);
      await this.#holds.send(wanted);
    }
    return dependencies.every((dependency) => dependency.version !== undefined);
  }

  /** Fetches versions from Redis, to validate entries by them, and records those whose dependency did not change meanwhile. */
  async fetch(dependencies: readonly Dependency[]): Promise<Versions> {
    const byId = new Map<string, Version | undefined>();
    if (dependencies.length === 0) return byId;
    const before = this.table.snapshot(dependencies);
    const answers = await this.#reads.send(dependencies.map((dependency) => dependency.id));
    dependencies.forEach((dependency, i) => {
      const version = answers[i] === null ? undefined : answers[i];
      byId.set(dependency.id, version);
      if (version !== undefined)
        this.table.recordFetched(dependency, version, before.hardEpochs[i]!, before.softEpochs[i]!);
      // Redis has lost it: what is stored next needs another.
      else if (answers[i] === null) dependency.keptUntilMs = 0;
    });
    return byId;
  }

  /** Removes from Redis the versions that were made for one of these users alone, which has stored nothing under them. */
  release(users: readonly VersionUser[]): void {
    const unused = users.flatMap((user) => user.dependencies.filter((dependency) => dependency.isUsedOnlyBy(user)));
    this.drop(unused.map(({ id, version }) => ({ id, version: version! })));
  }

  /** Removes from Redis versions that one load alone has used. */
  drop(versions: ReadonlyArray<{ readonly id: string; readonly version: Version }>): void {
    if (versions.length === 0) return;
    this.tier.dropVersions(versions);
    for (const { id, version } of versions) {
      const dependency = this.table.find(id);
      if (dependency?.version === version) this.table.lapse(dependency);
    }
  }

  /** In the order of `ids`; `null` where Redis has none, `undefined` where it did not answer. */
  async #read(ids: readonly string[]): Promise<readonly (Version | null | undefined)[]> {
    const unique = [...new Set(ids)];
    const versions = await this.tier.versions(unique);
    const byId = new Map(unique.map((id, i) => [id, versions === undefined ? undefined : (versions[i] ?? null)]));
    return ids.map((id) => byId.get(id));
  }

  /** Recorded here, once for all that ask in one round: the first user of a version is found by its first `claim`. */
  async #hold(dependencies: readonly Dependency[]): Promise<readonly void[]> {
    const unique = [...new Set(dependencies)];
    const nowMs = this.clock.nowMs();
    const before = this.table.snapshot(unique);
    const ids = unique.map((dependency) => dependency.id);
    const versions = await this.tier.holdVersions(ids, HOLD_MS);
    unique.forEach((dependency, i) => {
      const held = versions[i];
      if (held === undefined) return;
      if (!this.table.recordFetched(dependency, held.version, before.hardEpochs[i]!, before.softEpochs[i]!)) return;
      dependency.keptUntilMs = nowMs + held.keptMs;
      if (held.isNew) dependency.markAsMade();
      else dependency.endLoneUse();
    });
    return [];
  }
}
