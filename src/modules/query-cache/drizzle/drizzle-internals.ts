import { entityKind } from 'drizzle-orm/entity';
import type { MutationOption } from 'drizzle-orm/cache/core';
import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { Dialect } from '../statements/statement.js';

/*
 * The parts of a database in Drizzle 0.45, alike for PostgreSQL, MySQL and SQLite. It is public in Drizzle's code
 * and not in its typings, so it is checked where it is used.
 */

/** Runs one statement, by `run` or otherwise. */
export type StatementRunner = (statement: string, params: unknown[], run: () => Promise<unknown>) => Promise<unknown>;

/** A prepared query; every statement of an asynchronous driver passes through `queryWithCache`. */
export interface PreparedQuery {
  queryWithCache?: StatementRunner;
  getQuery?(): { sql: string };
  [method: string]: unknown;
}

/** Arguments of `prepareQuery`: the query first, the builder's metadata last. */
export type PrepareArguments = [
  query: { sql: string },
  ...details: [unknown?, unknown?, unknown?, unknown?],
  ...cache: [metadata?: { type: string }, config?: WithCacheConfig],
];

export interface Session {
  prepareQuery(...args: PrepareArguments): PreparedQuery;
  transaction<T>(work: (tx: Transaction) => Promise<T>, config?: unknown): Promise<T>;
  batch?(queries: readonly { _prepare(): PreparedQuery }[], ...rest: unknown[]): Promise<unknown>;
}

/** An object that makes queries and holds a session: a database, a transaction, a query builder. */
export interface SessionHolder {
  session: Session;
}

export interface RelationalBuilder extends SessionHolder {
  findMany(config?: unknown): RelationalQuery;
  findFirst(config?: unknown): RelationalQuery;
}

export interface RelationalQuery extends SessionHolder {
  $withCache?(config?: CacheSetting): RelationalQuery;
}

/** The options of Drizzle's `$withCache`. */
export type CacheSetting = { config?: WithCacheConfig['config']; tag?: string; autoInvalidate?: boolean } | false;

export interface DrizzleDatabase extends SessionHolder {
  readonly dialect: object;
  readonly resultKind?: 'sync' | 'async';
  query: Record<string, RelationalBuilder>;
  $cache: { invalidate(option: MutationOption): Promise<void> };
  transaction<T>(work: (tx: Transaction) => Promise<T>, config?: unknown): Promise<T>;
}

export interface Transaction extends DrizzleDatabase {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** The database that `withReplicas` returns: reads go to a replica, all other statements to the primary. */
export interface ReplicatedDatabase extends DrizzleDatabase {
  readonly $primary: DrizzleDatabase;
  readonly $replicas: readonly DrizzleDatabase[];
}

export function isReplicated(database: DrizzleDatabase): database is ReplicatedDatabase {
  return '$primary' in database && '$replicas' in database;
}

const DIALECTS: Readonly<Record<string, Dialect>> = { Pg: 'postgres', MySql: 'mysql', SQLite: 'sqlite' };

/** @throws TypeError for a database whose SQL is not understood, or whose driver does not answer asynchronously. */
export function dialectOf({ dialect, resultKind }: DrizzleDatabase): Dialect {
  const kind = (dialect.constructor as unknown as Record<symbol, string>)[entityKind] ?? '';
  const found = Object.entries(DIALECTS).find(([beginning]) => kind.startsWith(beginning))?.[1];
  if (!found) throw new TypeError(`cacheQueries() knows PostgreSQL, MySQL and SQLite, not ${kind || 'this database'}`);
  if (resultKind === 'sync')
    throw new TypeError('cacheQueries() needs an asynchronous driver: a synchronous one can not wait for the cache');
  return found;
}
