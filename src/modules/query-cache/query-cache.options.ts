import type { LoadOptions } from '../cache/library.js';

/** How query results are cached; the load options are the default of every query. */
export interface QueryCacheOptions extends Pick<
  LoadOptions,
  | 'ttlMs'
  | 'graceMs'
  | 'jitter'
  | 'tiers'
  | 'softTimeoutMs'
  | 'failSafeThrottleMs'
  | 'earlyRefreshBeta'
  | 'compressAboveBytes'
> {
  /**
   * Further tables that change with a table although the statement does not name them: views over it, partitions, tables its triggers and rules
   * write, tables that a foreign key's cascade reaches. `{ orders: ['order_lines', 'daily_totals'] }`. Followed to the
   * end; `'*'` stands for all tables. Names have no schema, and their case does not matter. Default none.
   */
  dependents?: Readonly<Record<string, readonly string[]>>;
  /**
   * Functions of your own, or of extensions, that neither read nor change tables. `'st_*'` stands for all that begin so.
   * Any other function that is not the database's own is taken to read and change all tables. Default none.
   */
  harmlessFunctions?: readonly string[];
}

/** As {@link QueryCacheOptions}, for Drizzle. */
export interface DrizzleQueryCacheOptions extends QueryCacheOptions {
  /**
   * - `'explicit'` (default): queries that say `.$withCache()`.
   * - `'all'`: every query of the query builder, and every relational one, except those that say `.$withCache(false)`.
   */
  strategy?: 'explicit' | 'all';
}
