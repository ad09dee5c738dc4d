import { DatabaseSync } from 'node:sqlite';
import { eq, relations, type SQL } from 'drizzle-orm';
import * as mysql from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import * as pgCore from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import * as sqlite from 'drizzle-orm/sqlite-core';
import { drizzle as drizzleSqlite } from 'drizzle-orm/sqlite-proxy';
import { PGlite } from '@electric-sql/pglite';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import type { Cache } from '../../../src/modules/cache/index.js';
import { cacheQueries, type DrizzleQueryCacheOptions } from '../../../src/modules/query-cache/index.js';
import { MariadbServer } from '../../support/mariadb-server.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** Operations of the tests on a Drizzle database of any dialect. */
export interface Notes {
  /** The text of a note, from a query that is cached. */
  read(id: number): Promise<string | undefined>;
  /** The note with its readers, from a relational query that is cached. */
  readRelational(id: number): Promise<{ text: string; readers: { name: string }[] } | undefined>;
  /** As it is in the database. */
  readUncached(id: number): Promise<string | undefined>;
  write(id: number, text: string): Promise<unknown>;
  /** `insert ... on conflict`, as the dialect has it. */
  upsert(id: number, text: string): Promise<unknown>;
  addReader(noteId: number, name: string): Promise<unknown>;
  execute(statement: SQL): Promise<unknown>;
  transaction(work: (tx: Notes) => Promise<void>): Promise<void>;
}

/** A database for the tests: tables `notes` and `readers`. */
export interface DrizzleKit {
  readonly plain: Notes;
  view(cache: Cache, options?: DrizzleQueryCacheOptions): Notes;
  /** A view of `withReplicas`, whose replica is a database apart, and that replica. */
  replicatedView(cache: Cache): Promise<{ view: Notes; replica: Notes }>;
  stop(): Promise<void>;
}

const TABLES = [
  'create table notes (id int primary key, text varchar(100) not null)',
  'create table readers (id int primary key, note_id int not null, name varchar(100) not null)',
];
let readerId = 0;

const pgNotes = pgCore.pgTable('notes', { id: pgCore.integer().primaryKey(), text: pgCore.text().notNull() });
const pgReaders = pgCore.pgTable('readers', {
  id: pgCore.integer().primaryKey(),
  noteId: pgCore.integer('note_id').notNull(),
  name: pgCore.text().notNull(),
});
const pgSchema = {
  notes: pgNotes,
  readers: pgReaders,
  noteRelations: relations(pgNotes, ({ many }) => ({ readers: many(pgReaders) })),
  readerRelations: relations(pgReaders, ({ one }) => ({
    note: one(pgNotes, { fields: [pgReaders.noteId], references: [pgNotes.id] }),
  })),
};
type PgDb = pgCore.PgDatabase<pgCore.PgQueryResultHKT, typeof pgSchema>;

function pgAccess(db: PgDb): Notes {
  return {
    read: async (id) => (await db.select().from(pgNotes).where(eq(pgNotes.id, id)).$withCache())[0]?.text,
    readRelational: (id) =>
      db.query.notes.findFirst({ where: eq(pgNotes.id, id), with: { readers: true } }).$withCache(),
    readUncached: async (id) => (await db.select().from(pgNotes).where(eq(pgNotes.id, id)))[0]?.text,
    write: (id, text) => db.update(pgNotes).set({ text }).where(eq(pgNotes.id, id)),
    upsert: (id, text) =>
      db.insert(pgNotes).values({ id, text }).onConflictDoUpdate({ target: pgNotes.id, set: { text } }),
    addReader: (noteId, name) => db.insert(pgReaders).values({ id: ++readerId, noteId, name }),
    execute: (statement) => db.execute(statement),
    transaction: (work) => db.transaction((tx) => work(pgAccess(tx))),
  };
}

async function startPostgres(): Promise<DrizzleKit> {
  const server = await PostgresServer.start();
  const pools: pg.Pool[] = [];
  const open = async () => {
    const pool = new pg.Pool({ connectionString: await server.createDatabase() });
    pools.push(pool);
    for (const statement of TABLES) await pool.query(statement);
    return drizzlePg(pool, { schema: pgSchema });
  };
  const db = await open();
  return {
    plain: pgAccess(db),
    view: (cache, options) => pgAccess(cacheQueries(db, cache, options)),
    replicatedView: async (cache) => {
      const replica = await open();
      return { view: pgAccess(cacheQueries(pgCore.withReplicas(db, [replica]), cache)), replica: pgAccess(replica) };
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await server.stop();
    },
  };
}

async function startPglite(): Promise<DrizzleKit> {
  const clients: PGlite[] = [];
  const open = async () => {
    const client = new PGlite('memory://');
    clients.push(client);
    for (const statement of TABLES) await client.query(statement);
    return drizzlePglite(client, { schema: pgSchema });
  };
  const db = await open();
  return {
    plain: pgAccess(db),
    view: (cache, options) => pgAccess(cacheQueries(db, cache, options)),
    replicatedView: async (cache) => {
      const replica = await open();
      return { view: pgAccess(cacheQueries(pgCore.withReplicas(db, [replica]), cache)), replica: pgAccess(replica) };
    },
    stop: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}

const mysqlNotes = mysql.mysqlTable('notes', {
  id: mysql.int().primaryKey(),
  text: mysql.varchar({ length: 100 }).notNull(),
});
const mysqlReaders = mysql.mysqlTable('readers', {
  id: mysql.int().primaryKey(),
  noteId: mysql.int('note_id').notNull(),
  name: mysql.varchar({ length: 100 }).notNull(),
});
const mysqlSchema = {
  notes: mysqlNotes,
  readers: mysqlReaders,
  noteRelations: relations(mysqlNotes, ({ many }) => ({ readers: many(mysqlReaders) })),
  readerRelations: relations(mysqlReaders, ({ one }) => ({
    note: one(mysqlNotes, { fields: [mysqlReaders.noteId], references: [mysqlNotes.id] }),
  })),
};
type MysqlDb = mysql.MySqlDatabase<mysql.MySqlQueryResultHKT, mysql.PreparedQueryHKTBase, typeof mysqlSchema>;

function mysqlAccess(db: MysqlDb): Notes {
  return {
    read: async (id) => (await db.select().from(mysqlNotes).where(eq(mysqlNotes.id, id)).$withCache())[0]?.text,
    readRelational: (id) =>
      db.query.notes.findFirst({ where: eq(mysqlNotes.id, id), with: { readers: true } }).$withCache(),
    readUncached: async (id) => (await db.select().from(mysqlNotes).where(eq(mysqlNotes.id, id)))[0]?.text,
    write: (id, text) => db.update(mysqlNotes).set({ text }).where(eq(mysqlNotes.id, id)),
    upsert: (id, text) => db.insert(mysqlNotes).values({ id, text }).onDuplicateKeyUpdate({ set: { text } }),
    addReader: (noteId, name) => db.insert(mysqlReaders).ignore().values({ id: ++readerId, noteId, name }),
    execute: (statement) => db.execute(statement),
    transaction: (work) => db.transaction((tx) => work(mysqlAccess(tx))),
  };
}

async function startMariadb(): Promise<DrizzleKit> {
  const server = await MariadbServer.start();
  const pools: ReturnType<typeof createPool>[] = [];
  const open = async () => {
    const pool = createPool(await server.createDatabase());
    pools.push(pool);
    for (const statement of TABLES) await pool.query(statement);
    return drizzleMysql(pool, { schema: mysqlSchema, mode: 'planetscale' });
  };
  const db = await open();
  return {
    plain: mysqlAccess(db),
    view: (cache, options) => mysqlAccess(cacheQueries(db, cache, options)),
    replicatedView: async (cache) => {
      const replica = await open();
      return {
        view: mysqlAccess(cacheQueries(mysql.withReplicas(db, [replica]), cache)),
        replica: mysqlAccess(replica),
      };
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
      await server.stop();
    },
  };
}

const sqliteNotes = sqlite.sqliteTable('notes', { id: sqlite.integer().primaryKey(), text: sqlite.text().notNull() });
const sqliteReaders = sqlite.sqliteTable('readers', {
  id: sqlite.integer().primaryKey(),
  noteId: sqlite.integer('note_id').notNull(),
  name: sqlite.text().notNull(),
});
const sqliteSchema = {
  notes: sqliteNotes,
  readers: sqliteReaders,
  noteRelations: relations(sqliteNotes, ({ many }) => ({ readers: many(sqliteReaders) })),
  readerRelations: relations(sqliteReaders, ({ one }) => ({
    note: one(sqliteNotes, { fields: [sqliteReaders.noteId], references: [sqliteNotes.id] }),
  })),
};
type SqliteDb = sqlite.BaseSQLiteDatabase<'async', unknown, typeof sqliteSchema>;

function sqliteAccess(db: SqliteDb): Notes {
  return {
    read: async (id) => (await db.select().from(sqliteNotes).where(eq(sqliteNotes.id, id)).$withCache())[0]?.text,
    readRelational: (id) =>
      db.query.notes.findFirst({ where: eq(sqliteNotes.id, id), with: { readers: true } }).$withCache(),
    readUncached: async (id) => (await db.select().from(sqliteNotes).where(eq(sqliteNotes.id, id)))[0]?.text,
    write: (id, text) => db.update(sqliteNotes).set({ text }).where(eq(sqliteNotes.id, id)),
    upsert: (id, text) =>
      db.insert(sqliteNotes).values({ id, text }).onConflictDoUpdate({ target: sqliteNotes.id, set: { text } }),
    addReader: (noteId, name) => db.insert(sqliteReaders).values({ id: ++readerId, noteId, name }),
    execute: (statement) => db.run(statement),
    transaction: (work) => db.transaction((tx) => work(sqliteAccess(tx))),
  };
}

/** Drizzle 0.45 has no driver of its own for `node:sqlite`; this is the whole of one. */
export function drizzleNodeSqlite(database: DatabaseSync) {
  return drizzleSqlite(
    async (statement, params, method) => {
      const prepared = database.prepare(statement);
      prepared.setReturnArrays(true);
      if (method === 'run') return { rows: [], ...prepared.run(...params) };
      const rows = prepared.all(...params) as unknown as unknown[][];
      return { rows: method === 'get' ? (rows[0] as unknown[]) : rows };
    },
    { schema: sqliteSchema },
  );
}

async function startSqlite(): Promise<DrizzleKit> {
  const clients: DatabaseSync[] = [];
  const open = () => {
    const client = new DatabaseSync(':memory:');
    clients.push(client);
    for (const statement of TABLES) client.exec(statement);
    return drizzleNodeSqlite(client);
  };
  const db = open();
  return {
    plain: sqliteAccess(db),
    view: (cache, options) => sqliteAccess(cacheQueries(db, cache, options)),
    replicatedView: async (cache) => {
      const replica = open();
      return {
        view: sqliteAccess(cacheQueries(sqlite.withReplicas(db, [replica]), cache)),
        replica: sqliteAccess(replica),
      };
    },
    stop: async () => clients.forEach((client) => client.close()),
  };
}

export const DRIZZLE_KITS = {
  PostgreSQL: startPostgres,
  PGlite: startPglite,
  MariaDB: startMariadb,
  SQLite: startSqlite,
} as const satisfies Record<string, () => Promise<DrizzleKit>>;
