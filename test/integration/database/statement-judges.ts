import { constants, DatabaseSync } from 'node:sqlite';
import { PGlite } from '@electric-sql/pglite';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import type { Dialect } from '../../../src/modules/query-cache/statements/statement.js';
import { MariadbServer } from '../../support/mariadb-server.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** Figures that a database itself counted while it ran a statement. Names are in lower case. */
export interface Verdict {
  reads: string[];
  writes: string[];
}

/** A database that says which tables a statement reads and changes. */
export interface StatementJudge {
  readonly dialect: Dialect;
  /** Runs the statement and undoes it. `undefined` when the database refuses it. */
  judge(statement: string): Promise<Verdict | undefined>;
  stop(): Promise<void>;
}

/** Tables that every judge has, each with columns `id`, `x` and `y` and a few rows. */
export const TABLES = ['a', 'b', 'c', 'd', 'Ef G', 'order', 'constructor'] as const;

const POSTGRES_COUNTS = `select relname as name, n_tup_ins + n_tup_upd + n_tup_del as writes,
  seq_scan + coalesce(idx_scan, 0) as reads from pg_stat_xact_user_tables`;
const MARIADB_COUNTS =
  'select object_name as `name`, count_write as `writes`, count_read as `reads` ' +
  'from performance_schema.table_io_waits_summary_by_table where object_schema = database()';

interface Count {
  name: string;
  writes: string | number;
  reads: string | number;
}

function tables(quote: string): string[] {
  return TABLES.flatMap((name) => {
    const table = `${quote}${name}${quote}`;
    return [
      `create table ${table} (id int primary key, x int, y int)`,
      `insert into ${table} values (1, 1, 1), (2, 2, 2), (3, 3, 3)`,
    ];
  });
}

function difference(before: readonly Count[], after: readonly Count[]): Verdict {
  const changed = (of: 'reads' | 'writes') =>
    after
      .filter(({ name, [of]: count }) => Number(count) > Number(before.find((old) => old.name === name)?.[of] ?? 0))
      .map(({ name }) => name.toLowerCase());
  return { reads: changed('reads'), writes: changed('writes') };
}

/** Runs a statement between two counts, in a transaction that is undone. */
async function measure(query: (sql: string) => Promise<unknown>, count: () => Promise<Count[]>, statement: string) {
  await query('begin');
  try {
    const before = await count();
    await query(statement);
    return difference(before, await count());
  } catch {
    return undefined;
  } finally {
    await query('rollback');
  }
}

async function judgePostgres(): Promise<StatementJudge> {
  const server = await PostgresServer.start();
  const client = new pg.Client({ connectionString: await server.createDatabase() });
  await client.connect();
  for (const statement of tables('"')) await client.query(statement);
  return {
    dialect: 'postgres',
    judge: (statement) =>
      measure(
        (sql) => client.query(sql),
        async () => (await client.query<Count>(POSTGRES_COUNTS)).rows,
        statement,
      ),
    stop: async () => {
      await client.end();
      await server.stop();
    },
  };
}

async function judgePglite(): Promise<StatementJudge> {
  const database = new PGlite('memory://');
  for (const statement of tables('"')) await database.query(statement);
  return {
    dialect: 'postgres',
    judge: (statement) =>
      measure(
        (sql) => database.query(sql),
        async () => (await database.query<Count>(POSTGRES_COUNTS)).rows,
        statement,
      ),
    stop: () => database.close(),
  };
}

async function judgeMariadb(): Promise<StatementJudge> {
  const server = await MariadbServer.start(['--performance-schema=on']);
  const connection = await createConnection(await server.createDatabase());
  for (const statement of tables('`')) await connection.query(statement);
  return {
    dialect: 'mysql',
    judge: (statement) =>
      measure(
        (sql) => connection.query(sql),
        async () => (await connection.query<(Count & RowDataPacket)[]>(MARIADB_COUNTS))[0],
        statement,
      ),
    stop: async () => {
      await connection.end();
      await server.stop();
    },
  };
}

/** SQLite asks an authorizer before it reads or changes a table, when a statement is prepared. */
async function judgeSqlite(): Promise<StatementJudge> {
  const database = new DatabaseSync(':memory:');
  for (const statement of tables('"')) database.exec(statement);
  const reads = new Set<string>();
  const writes = new Set<string>();
  const changing = new Set([constants.SQLITE_INSERT, constants.SQLITE_UPDATE, constants.SQLITE_DELETE]);
  database.setAuthorizer((action, table) => {
    if (action === constants.SQLITE_READ) reads.add(table!.toLowerCase());
    if (changing.has(action)) writes.add(table!.toLowerCase());
    return constants.SQLITE_OK;
  });
  return {
    dialect: 'sqlite',
    judge: async (statement) => {
      reads.clear();
      writes.clear();
      try {
        database.prepare(statement);
        return { reads: [...reads], writes: [...writes] };
      } catch {
        return undefined;
      }
    },
    stop: async () => database.close(),
  };
}

export const JUDGES = {
  PostgreSQL: judgePostgres,
  PGlite: judgePglite,
  MariaDB: judgeMariadb,
  SQLite: judgeSqlite,
} as const satisfies Record<string, () => Promise<StatementJudge>>;
