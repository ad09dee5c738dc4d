import type { Database } from '../database.js';

/** Which database runs: a PostgreSQL server, or PGlite in this process. */
export type DatabaseKind = 'postgres' | 'embedded';

/** One connection that runs plain SQL, for migrations. */
export interface SqlSession {
  /** Runs a script of one or more statements. */
  run(script: string): Promise<void>;
  query<Row>(statement: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** Connections as they are now. */
export interface DatabasePoolStats {
  readonly total: number;
  readonly idle: number;
  /** Statements waiting for a connection. */
  readonly waiting: number;
}

/** Opens one kind of database. Nothing happens before the first call of `migrate` or the first statement. */
export interface DatabaseDriver {
  readonly kind: DatabaseKind;
  /** Drizzle whose every statement and transaction first awaits `ready`. */
  database(ready: () => Promise<void>): Database;
  /** Opens the database and runs `migrate` on a session of its own, alone among all instances. */
  migrate(migrate: (session: SqlSession) => Promise<void>): Promise<void>;
  /** One round trip; rejects when there is none. */
  ping(): Promise<void>;
  stats(): DatabasePoolStats;
  close(): Promise<void>;
}
