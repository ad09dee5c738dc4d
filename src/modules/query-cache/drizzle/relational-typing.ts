import type { CacheSetting } from './drizzle-internals.js';

/* Through `cacheQueries(db, ...)` relational queries have the method that those of the query builder have. */

declare module 'drizzle-orm/pg-core/query-builders/query' {
  interface PgRelationalQuery<TResult> {
    /** Of a database that `cacheQueries` gave: the rows may come from the cache. */
    $withCache(setting?: CacheSetting): PgRelationalQuery<TResult>;
  }
}

declare module 'drizzle-orm/mysql-core/query-builders/query' {
  interface MySqlRelationalQuery<TPreparedQueryHKT, TResult> {
    /** Of a database that `cacheQueries` gave: the rows may come from the cache. */
    $withCache(setting?: CacheSetting): MySqlRelationalQuery<TPreparedQueryHKT, TResult>;
  }
}

declare module 'drizzle-orm/sqlite-core/query-builders/query' {
  interface SQLiteRelationalQuery<TType, TResult> {
    /** Of a database that `cacheQueries` gave: the rows may come from the cache. */
    $withCache(setting?: CacheSetting): SQLiteRelationalQuery<TType, TResult>;
  }
}
