import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseUnavailableError, describeDatabaseError, sqlStateOf } from './database.errors.js';
import type { SqlSession } from './drivers/database-driver.js';

/** Any number that all instances agree on: migrations of one database run one at a time. */
const MIGRATION_LOCK = 0x6c617264;
/** An instance waits this long for the migrations of another. */
const LOCK_TIMEOUT = '60s';

const TABLE = `create table if not exists larder_migrations (
  feature text not null, name text not null, applied_at timestamptz not null default now(), primary key (feature, name))`;

/** A feature's migrations: `0001_what.sql`, `0002_what.sql` and so on in one folder, applied in the order of their names. */
export interface MigrationSet {
  /** The name of the feature, also in the table `larder_migrations`. */
  readonly feature: string;
  readonly folder: URL;
}

interface Migration {
  readonly feature: string;
  readonly name: string;
  readonly file: URL;
}

/**
 * The migrations of all features, and which of them a database lacks.
 *
 * A database that lacks none is only read: its role needs no right to create, and it may be a replica. Each missing
 * migration runs in a transaction of its own with the note that it was applied, under a lock of that transaction. Locks
 * of a session would not do: behind a pooler in transaction mode each transaction may be in another session.
 */
export class MigrationRegistry {
  private readonly sets = new Map<string, MigrationSet>();

  /** @throws Error when another folder was registered for the feature. */
  register(set: MigrationSet): void {
    const known = this.sets.get(set.feature);
    if (known && known.folder.href !== set.folder.href)
      throw new Error(`Two sets of migrations have the name ${set.feature}`);
    this.sets.set(set.feature, set);
  }

  /** Applies the missing migrations. @throws DatabaseUnavailableError naming the migration that failed, and why. */
  async apply(session: SqlSession): Promise<void> {
    const applied = await findApplied(session);
    for (const migration of this.all()) {
      if (!applied.has(nameOf(migration))) await applyOne(session, migration);
    }
  }

  private all(): Migration[] {
    return [...this.sets.values()].flatMap(({ feature, folder }) =>
      sqlFilesIn(folder).map((name) => ({ feature, name, file: new URL(name, folder) })),
    );
  }
}

function nameOf({ feature, name }: Pick<Migration, 'feature' | 'name'>): string {
  return `${feature}/${name}`;
}

function sqlFilesIn(folder: URL): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
}

async function findApplied({ query }: SqlSession): Promise<Set<string>> {
  const [table] = await query<{ exists: boolean }>(`select to_regclass('larder_migrations') is not null as exists`);
  return table?.exists ? readApplied(query) : new Set();
}

async function readApplied(query: SqlSession['query']): Promise<Set<string>> {
  const rows = await query<Pick<Migration, 'feature' | 'name'>>('select feature, name from larder_migrations');
  return new Set(rows.map(nameOf));
}

async function applyOne(session: SqlSession, migration: Migration): Promise<void> {
  try {
    await session.transaction(async (transaction) => {
      await transaction.run(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      await transaction.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      await transaction.run(TABLE);
      // Another instance may have been first.
      if ((await readApplied(transaction.query)).has(nameOf(migration))) return;
      await transaction.run(readFileSync(migration.file, 'utf8'));
      await transaction.query('insert into larder_migrations (feature, name) values ($1, $2)', [
        migration.feature,
        migration.name,
      ]);
    });
  } catch (error) {
    throw new DatabaseUnavailableError(`migration ${nameOf(migration)} failed: ${whyItFailed(error)}`, {
      cause: error,
    });
  }
}

/** A migration is the program's own text: the server's message about it holds no data of users. */
function whyItFailed(error: unknown): string {
  switch (sqlStateOf(error)) {
    case '55P03':
      return 'another instance, or a long transaction, has held a lock for longer than a minute';
    case '25006':
      return 'the database is read-only (25006); migrate its primary first';
    case '42501':
      return 'the role may not create (42501); migrate with a role that may';
    case undefined:
      return describeDatabaseError(error);
    default:
      return `${(error as Error).message} (${sqlStateOf(error)})`;
  }
}
