import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

interface Rows<Row> {
  rows: Row[];
}

/** The result of a raw `execute`, the same for both drivers. */
export interface RowsQueryResult extends PgQueryResultHKT {
  type: Rows<this['row']>;
}

/**
 * Drizzle on PostgreSQL or on the embedded PGlite, by configuration; the same SQL runs on both. It can be used at once: the
 * first statement opens the database and applies the migrations, and all statements wait for that.
 *
 * @throws DatabaseUnavailableError (maybe as `cause` of Drizzle's own error) while the database can't be reached.
 */
export type Database = PgDatabase<RowsQueryResult>;

/** The argument of the callback of `database.transaction()`. It has the query methods of {@link Database}. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Injects the {@link Database}. */
export const DATABASE = Symbol.for('larder:database');
