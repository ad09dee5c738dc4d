import type { LoadOptions } from '../cache/library.js';

/** How query results are cached; the load options are the default of every query. */
export interface QueryCacheOptions extends Pick<
  LoadOptions,
  'ttlMs' | 'graceMs' | 'jitter' | 'tiers' | 'softTimeoutMs' | 'earlyRefreshBeta' | 'compressAboveBytes'
> {
  /**
   * What a change of a table changes too without naming it: views over it, tables its triggers write, tables that a
   * foreign key's cascade reaches. `{ orders: ['order_lines', 'daily_totals'] }`. Followed to the end. Default none.
   */
  dependents?: Readonly<Record<string, readonly string[]>>;
}

/** As {@link QueryCacheOptions}, for Drizzle. */
export interface DrizzleQueryCacheOptions extends QueryCacheOptions {
  /**
   * - `'explicit'` (default): queries that say `.$withCache()`.
   * - `'all'`: every query of the query builder, except those that say `.$withCache(false)`.
   */
  strategy?: 'explicit' | 'all';
}
