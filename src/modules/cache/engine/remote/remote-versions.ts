import type { Dependency, DependencyTable } from '../versions/dependency-table.js';
import type { RemoteTier } from '../ports/remote-tier.js';
import type { Version } from '../versions/version.js';

/** Versions that change more often than this while they are read are left alone. */
const MAX_FETCHES = 3;

/** What Redis answered, by id; `undefined` for one that could not be had. */
export type Versions = ReadonlyMap<string, Version | undefined>;

/** Current versions of tags and generations, from Redis, remembered in the table. */
export class RemoteVersions {
  constructor(
    private readonly tier: RemoteTier,
    private readonly table: DependencyTable,
  ) {}

  /**
   * Makes the versions of these dependencies known. `false`: one could not be had, so an entry that depends on it can
   * neither be judged nor stored in Redis.
   */
  async know(dependencies: readonly Dependency[]): Promise<boolean> {
    // What changes while it is asked for is asked for again: at the start the log is found, and everything forgotten once.
    for (let tries = 0; tries < MAX_FETCHES; tries++) {
      const unknown = dependencies.filter((dependency) => dependency.version === undefined);
      if (unknown.length === 0) return true;
      await this.fetch(unknown);
    }
    return dependencies.every((dependency) => dependency.version !== undefined);
  }

  /** Asks Redis for versions and remembers those that nothing changed meanwhile. */
  async fetch(dependencies: readonly Dependency[]): Promise<Versions> {
    const byId = new Map<string, Version | undefined>();
    if (dependencies.length === 0) return byId;
    const before = this.table.capture(dependencies);
    const versions = await this.tier.versions(dependencies.map((dependency) => dependency.id));
    dependencies.forEach((dependency, i) => {
      const version = versions?.[i];
      byId.set(dependency.id, version);
      if (version !== undefined) this.table.learn(dependency, version, before.hardEpochs[i]!, before.softEpochs[i]!);
    });
    return byId;
  }
}
