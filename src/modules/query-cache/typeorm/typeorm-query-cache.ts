import type { DataSource, QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { Cache } from '../../cache/library.js';
import type { QueryCacheOptions } from '../query-cache.options.js';
import type { Dialect } from '../statements/statement.js';
import { TableCache } from '../table-cache.js';
import { CachingQueryRunner, type RunnerSettings } from './caching-query-runner.js';
import { cascadesOf } from './cascades.js';

const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres',
  'aurora-postgres': 'postgres',
  cockroachdb: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  'aurora-mysql': 'mysql',
  'better-sqlite3': 'sqlite',
  sqljs: 'sqlite',
  cordova: 'sqlite',
  expo: 'sqlite',
  nativescript: 'sqlite',
  'react-native': 'sqlite',
  capacitor: 'sqlite',
};

/**
 * TypeORM's query result cache in Larder: results are invalidated by writes to their tables, after the commit, whether
 * the write came from a repository, a query builder or a raw `query()`; equal queries at the same time run once; a
 * result read before a write and stored after it is refused. Cascades of foreign keys are known from the entities.
 *
 * TypeORM asks a cache for a result, runs the query, and hands over the result with nothing that says which question it
 * answers. So this one only *arms* the query runner at the question; the runner's next run of just that query then goes
 * through the cache as one load. Queries in a transaction always go to the database.
 *
 * @example
 * const source = new DataSource({
 *   type: 'postgres', url, entities,
 *   cache: { provider: (source) => new TypeOrmQueryCache(source, cache.namespace('queries')), duration: 60_000 },
 * });
 * await source.getRepository(Product).find({ where: { isSold: false }, cache: true });
 * await source.queryResultCache?.remove(['best-sellers']); // entries that were cached with { id: 'best-sellers', milliseconds: 60_000 }
 */
export class TypeOrmQueryCache implements QueryResultCache {
  private readonly runners = new WeakMap<QueryRunner, CachingQueryRunner>();
  private readonly tables: TableCache;

  /**
   * @param cache a namespace of its own, which TypeORM's `clear()` clears; closed by its owner.
   * @throws TypeError for a database whose SQL is not understood.
   */
  constructor(source: DataSource, cache: Cache, options: QueryCacheOptions = {}) {
    const dialect = Object.hasOwn(DIALECTS, source.options.type) ? DIALECTS[source.options.type] : undefined;
    if (!dialect) throw new TypeError(`TypeOrmQueryCache does not understand the SQL of ${source.options.type}`);
    // The entities are known only after the data source was built.
    this.tables = new TableCache(cache, dialect, options, (table) => cascadesOf(table, source.entityMetadatas));
    const create = source.createQueryRunner.bind(source);
    const settings: RunnerSettings = {
      tables: this.tables,
      dialect,
      queryPrimary: 'replication' in source.options && source.options.replication ? queryPrimary(create) : undefined,
    };
    source.createQueryRunner = (mode) => this.attach(create(mode), settings);
  }

  async connect(): Promise<void> {}

  async disconnect(): Promise<void> {}

  /** There is no table to make. */
  async synchronize(): Promise<void> {}

  /** Never has a result: the query that follows is answered from the cache. */
  async getFromCache(question: QueryResultCacheOptions, runner?: QueryRunner): Promise<undefined> {
    if (runner) this.runners.get(runner)?.arm(question);
  }

  /** Nothing to do: the result was stored when the query ran. */
  async storeInCache(): Promise<void> {}

  isExpired(): boolean {
    return false;
  }

  async clear(): Promise<void> {
    await this.tables.clear();
  }

  async remove(identifiers: string[]): Promise<void> {
    await this.tables.invalidateNamed(identifiers);
  }

  /** Some drivers have one runner and give it again. */
  private attach(runner: QueryRunner, settings: RunnerSettings): QueryRunner {
    if (!this.runners.has(runner)) this.runners.set(runner, new CachingQueryRunner(runner, settings));
    return runner;
  }
}

/** Cached queries are read from the primary: the rows of a replica that lags would be stored as if they were current. */
function queryPrimary(create: DataSource['createQueryRunner']): RunnerSettings['queryPrimary'] {
  return async (statement, params, isStructured) => {
    const runner = create('master');
    try {
      return (await runner.query(statement, params, isStructured as true)) as unknown;
    } finally {
      await runner.release();
    }
  };
}
