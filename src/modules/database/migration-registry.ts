import { readdirSync, readFileSync } from 'node:fs';
import type { SqlSession } from './drivers/database-driver.js';

/** A feature's migrations: `0001_what.sql`, `0002_what.sql` and so on in one folder, applied in the order of their names. */
export interface MigrationSet {
  /** Whose they are; names the feature in the table `larder_migrations`. */
  readonly feature: string;
  readonly folder: URL;
}

/** The migrations of all features, and which of them a database lacks. */
export class MigrationRegistry {
  private readonly sets = new Map<string, MigrationSet>();

  /** @throws Error when another folder was registered for the feature. */
  register(set: MigrationSet): void {
    const known = this.sets.get(set.feature);
    if (known && known.folder.href !== set.folder.href)
      throw new Error(`Two sets of migrations are called ${set.feature}`);
    this.sets.set(set.feature, set);
  }

  /** Applies what is missing, each migration in a transaction of its own with the note that it was applied. */
  async apply(session: SqlSession): Promise<void> {
    await session.run(`create table if not exists larder_migrations (
      feature text not null, name text not null, applied_at timestamptz not null default now(), primary key (feature, name))`);
    const applied = await session.query<{ feature: string; name: string }>(
      'select feature, name from larder_migrations',
    );
    const isApplied = new Set(applied.map(({ feature, name }) => `${feature}/${name}`));
    for (const { feature, folder } of this.sets.values()) {
      for (const name of sqlFilesIn(folder)) {
        if (isApplied.has(`${feature}/${name}`)) continue;
        await applyOne(session, feature, name, readFileSync(new URL(name, folder), 'utf8'));
      }
    }
  }
}

function sqlFilesIn(folder: URL): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
}

async function applyOne(session: SqlSession, feature: string, name: string, script: string): Promise<void> {
  await session.run('begin');
  try {
    await session.run(script);
    await session.query('insert into larder_migrations (feature, name) values ($1, $2)', [feature, name]);
    await session.run('commit');
  } catch (error) {
    await session.run('rollback');
    throw error;
  }
}
