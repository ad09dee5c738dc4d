import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { PgQueryResultHKT, PgSession } from 'drizzle-orm/pg-core';
import type { QueryRow } from '../rows.js';

/** Drizzle's session, whatever its schema and driver. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the generics are invariant: no other argument takes every session
export type AnySession = PgSession<PgQueryResultHKT, any, any>;

/** What a driver answers to a statement: rows before they are mapped. So do node-postgres, PGlite, Neon and Vercel; postgres.js does not. */
export interface DriverResult {
  rows: QueryRow[];
}

/** Runs one statement, by `run` or otherwise. */
export type StatementRunner = (statement: string, params: unknown[], run: () => Promise<DriverResult>) => Promise<DriverResult>;

/** The one method through which every statement of a prepared query goes. It is public in Drizzle 0.45's code, not in its typings. */
interface Prepared {
  queryWithCache?: StatementRunner;
}

/** Replaces how a statement runs; is told what the query builder knows of it. */
export type StatementHook = (execute: StatementRunner, query: { isSelect: boolean; cacheConfig: WithCacheConfig | undefined }) => StatementRunner;

/**
 * A view of a session whose statements go through `hook`; the session itself stays as it is.
 *
 * @throws Error at the first statement when this version of Drizzle runs them in another way.
 */
export function viewSession(session: AnySession, hook: StatementHook, transaction?: AnySession['transaction']): AnySession {
  const prepareQuery: AnySession['prepareQuery'] = (...args) => {
    const query = session.prepareQuery(...args);
    const [, , , , , metadata, cacheConfig] = args;
    const prepared = query as unknown as Prepared;
    const execute = prepared.queryWithCache?.bind(prepared);
    if (!execute) throw new Error('cacheQueries() does not know this version of drizzle-orm; it was made for 0.45');
    prepared.queryWithCache = hook(execute, { isSelect: metadata?.type === 'select', cacheConfig });
    return query as never;
  };
  return Object.assign(Object.create(session) as AnySession, { prepareQuery, ...(transaction && { transaction }) });
}
