import type { Database } from '../database.js';

/** Which database runs: a PostgreSQL server, or PGlite beside this process. */
export type DatabaseKind = 'postgres' | 'embedded';

/** One connection that runs plain SQL, for migrations. */
export interface SqlSession {
  query<Row>(statement: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Runs `work` in a transaction; its statements may take as long as they take. */
  transaction(work: (transaction: SqlTransaction) => Promise<void>): Promise<void>;
}

/** Statements within a transaction. */
export interface SqlTransaction {
  /** Runs a script of one or more statements. */
  run(script: string): Promise<void>;
  query<Row>(statement: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** Current connections. */
export interface DatabasePoolStats {
  readonly total: number;
  readonly idle: number;
  /** Statements waiting for a connection. */
  readonly waiting: number;
  /** The last statement that needed a connection got none in time, because all were in use. */
  readonly isStarved: boolean;
}

/** Lets statements through to the database, or refuses them at once while the database is away. */
export interface DatabaseGate {
  /** Resolves when the database may be used. @throws DatabaseUnavailableError while it can't. */
  ready(): Promise<void>;
  /** Notes that a connection could not be made, so the database may be away. */
  suspect(): void;
}

/** Opens one kind of database. It does nothing before the first call of `migrate` or the first statement. */
export interface DatabaseDriver {
  readonly kind: DatabaseKind;
  /** Drizzle whose every statement and transaction first passes `gate`. */
  database(gate: DatabaseGate): Database;
  /** Opens the database and runs `migrate` on a session of its own. */
  migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void>;
  /** Makes one round trip; rejects when it fails. */
  ping(): Promise<void>;
  stats(): DatabasePoolStats;
  /** Ends every connection within seconds, also of a database that does not answer. */
  close(): Promise<void>;
}
