import { RoundBatch } from '../../../../common/round-batch.js';
import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import type { Version } from '../versions/version.js';

/** Versions that change more often than this while they are read are left alone. */
const MAX_FETCHES = 3;

/** Versions that Redis answered, by id; `undefined` where Redis gave none. */
export type Versions = ReadonlyMap<string, Version | undefined>;

/** Current versions of tags and generations, from Redis, remembered in the table. */
export class RemoteVersions {
  /** Loads that start together depend on the same generations: each version is asked for once in a round. */
  readonly #requests = new RoundBatch((ids: readonly string[]) => this.#request(ids));

  constructor(
    private readonly tier: RemoteTier,
    private readonly table: DependencyTable,
  ) {}

  /**
   * Makes the versions of these dependencies known. `false`: Redis gave no version for one of them, so an entry that depends
   * on it can neither be validated nor stored in Redis.
   */
  async ensureKnown(dependencies: readonly Dependency[]): Promise<boolean> {
    // A version that changes during the request is fetched again: the first beat of the log follower forgets every version.
    for (let tries = 0; tries < MAX_FETCHES; tries++) {
      const unknown = dependencies.filter((dependency) => dependency.version === undefined);
      if (unknown.length === 0) return true;
      await this.fetch(unknown);
    }
    return dependencies.every((dependency) => dependency.version !== undefined);
  }

  /** Fetches versions from Redis, and records those whose dependency did not change meanwhile. */
  async fetch(dependencies: readonly Dependency[]): Promise<Versions> {
    const byId = new Map<string, Version | undefined>();
    if (dependencies.length === 0) return byId;
    const before = this.table.snapshot(dependencies);
    const versions = await this.#requests.send(dependencies.map((dependency) => dependency.id));
    dependencies.forEach((dependency, i) => {
      const version = versions[i];
      byId.set(dependency.id, version);
      if (version !== undefined)
        this.table.recordFetched(dependency, version, before.hardEpochs[i]!, before.softEpochs[i]!);
    });
    return byId;
  }

  async #request(ids: readonly string[]): Promise<readonly (Version | undefined)[]> {
    const unique = [...new Set(ids)];
    const versions = await this.tier.versions(unique);
    const byId = new Map(unique.map((id, i) => [id, versions?.[i]]));
    return ids.map((id) => byId.get(id));
  }
}
