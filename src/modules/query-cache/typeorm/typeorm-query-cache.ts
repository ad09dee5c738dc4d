import type { DataSource, QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { Cache } from '../../cache/library.js';
import type { QueryCacheOptions } from '../query-cache.options.js';
import { TableCache } from '../table-cache.js';
import { CachingQueryRunner } from './caching-query-runner.js';
import { cascadesOf } from './cascades.js';

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
 * await source.queryResultCache?.remove(['best-sellers']); // what was cached by { id: 'best-sellers', milliseconds: 60_000 }
 */
export class TypeOrmQueryCache implements QueryResultCache {
  private readonly runners = new WeakMap<QueryRunner, CachingQueryRunner>();
  private readonly tables: TableCache;

  /** @param cache a namespace of its own, which TypeORM's `clear()` clears; closed by its owner. */
  constructor(source: DataSource, cache: Cache, { dependents = {}, ...defaults }: QueryCacheOptions = {}) {
    // The entities are known only after the data source was built.
    const dependentsOf = (table: string) => [
      ...(dependents[table] ?? []),
      ...cascadesOf(table, source.entityMetadatas),
    ];
    this.tables = new TableCache(cache, defaults, dependentsOf);
    const create = source.createQueryRunner.bind(source);
    source.createQueryRunner = (mode) => this.attach(create(mode));
  }

  async connect(): Promise<void> {}

  async disconnect(): Promise<void> {}

  /** There is no table to make. */
  async synchronize(): Promise<void> {}

  /** Never has a result: the query that follows is answered from the cache. */
  async getFromCache(question: QueryResultCacheOptions, runner?: QueryRunner): Promise<undefined> {
    if (runner) this.runners.get(runner)?.arm(question);
  }

  /** The result was stored when the query ran, or was not to be. */
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

  private attach(runner: QueryRunner): QueryRunner {
    this.runners.set(runner, new CachingQueryRunner(runner, this.tables));
    return runner;
  }
}
