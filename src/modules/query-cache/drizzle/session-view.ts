import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { CacheSetting, PrepareArguments, PreparedQuery, Session, StatementRunner } from './drizzle-internals.js';

/** Details of a query that are known before it runs. */
export interface PreparedDetails {
  readonly isSelect: boolean;
  /** The options of `$withCache`; `undefined` when it was not called. */
  readonly cacheConfig: WithCacheConfig | undefined;
}

/** Replaces how a statement runs. `form` tells apart the forms in which one statement's rows may be asked for. */
export type StatementHook = (
  execute: StatementRunner,
  details: PreparedDetails,
) => (statement: string, params: unknown[], run: () => Promise<unknown>, form: string) => Promise<unknown>;

/** The methods of prepared queries, of all drivers, that ask for rows. */
const METHODS = ['execute', 'all', 'get', 'values', 'run'] as const;

/**
 * A view of a session whose statements go through `hook`; the session itself stays as it is.
 *
 * @throws Error at the first statement when this version of Drizzle runs them in another way.
 */
export function viewSession<S extends Session>(session: S, hook: StatementHook, overrides: Partial<Session> = {}): S {
  const prepareQuery = (...args: PrepareArguments) => {
    const query = session.prepareQuery(...args);
    const execute = query.queryWithCache?.bind(query);
    if (!execute) throw new Error('cacheQueries() does not know this version of drizzle-orm; it was made for 0.45');
    const [, , , , , metadata, cacheConfig] = args;
    const run = hook(execute, { isSelect: metadata?.type === 'select', cacheConfig });
    const form = watchForm(query);
    query.queryWithCache = (statement, params, load) => run(statement, params, load, form());
    return query;
  };
  return Object.assign(Object.create(session) as S, { prepareQuery, ...overrides });
}

/** A view of a session through which a relational query runs: Drizzle tells nothing of such a query. */
export function viewForRelational<S extends Session>(session: S, cacheConfig: WithCacheConfig | undefined): S {
  const prepareQuery: Session['prepareQuery'] = (query, a, b, c, d) =>
    session.prepareQuery(query, a, b, c, d, { type: 'select' }, cacheConfig);
  return Object.assign(Object.create(session) as S, { prepareQuery });
}

/** As the query builders of Drizzle read the argument of `$withCache`. */
export function toCacheConfig(setting: CacheSetting | undefined): WithCacheConfig {
  return setting === false ? { enable: false } : { enable: true, autoInvalidate: true, ...setting };
}

/** Which method asks: each runs its statement in the call itself, so the last one called is the one. */
function watchForm(query: PreparedQuery): () => string {
  let last = 'execute';
  for (const name of METHODS) {
    const method = query[name];
    if (typeof method !== 'function') continue;
    query[name] = (...args: unknown[]) => {
      last = name;
      return method.apply(query, args) as unknown;
    };
  }
  return () => last;
}
