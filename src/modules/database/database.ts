import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

interface Rows<Row> {
  rows: Row[];
}

/** What both drivers answer to a raw `execute`. */
export interface RowsQueryResult extends PgQueryResultHKT {
  type: Rows<this['row']>;
}

/**
 * Drizzle on PostgreSQL or on the embedded PGlite, by configuration; the same SQL runs on both. It is usable from the
 * first moment: the first statement opens the database and applies the migrations, and everyone waits for that.
 *
 * @throws DatabaseUnavailableError (maybe as `cause` of Drizzle's own error) while the database can't be reached.
 */
export type Database = PgDatabase<RowsQueryResult>;

/** What `database.transaction()` hands to its callback; has the same query methods as {@link Database}. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Injects the {@link Database}. */
export const DATABASE = Symbol('larder:database');
