import type { QueryResult, QueryRunner } from 'typeorm';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { Dialect } from '../statements/statement.js';
import type { TableCache } from '../table-cache.js';
import { WriteTracker } from '../write-tracker.js';

/** `QueryRunner.query`: rows, or a {@link QueryResult} when `isStructured`. */
type Query = (statement: string, params?: unknown[], isStructured?: boolean) => Promise<unknown>;

/** Queries that were asked for and never ran are forgotten past this number. */
const MAX_ARMED = 100;

/** How one data source is cached. */
export interface RunnerSettings {
  readonly tables: TableCache;
  readonly dialect: Dialect;
  /** Runs a query on the primary; `undefined` where there are no replicas. */
  readonly queryPrimary?: Query | undefined;
}

/** Watches the statements of one query runner: answers the armed query from the cache, and tells the cache of writes. */
export class CachingQueryRunner {
  private readonly armed: QueryResultCacheOptions[] = [];
  private readonly query: Query;
  private readonly writes: WriteTracker;

  constructor(
    private readonly runner: QueryRunner,
    private readonly settings: RunnerSettings,
  ) {
    this.query = runner.query.bind(runner) as Query;
    this.writes = new WriteTracker(settings.tables, { dialect: settings.dialect });
    runner.query = ((...args: Parameters<Query>) => this.run(...args)) as QueryRunner['query'];
  }

  /** The next run of exactly this query may be answered from the cache. */
  arm(question: QueryResultCacheOptions): void {
    if (this.isInTransaction) return;
    if (this.armed.length >= MAX_ARMED) this.armed.shift();
    this.armed.push(question);
  }

  private get isInTransaction(): boolean {
    return this.runner.isTransactionActive || this.writes.isInTransaction;
  }

  private run(...args: Parameters<Query>): Promise<unknown> {
    const question = this.disarm(args[0]);
    return question && !this.isInTransaction ? this.cached(question, args) : this.direct(args);
  }

  private direct(args: Parameters<Query>): Promise<unknown> {
    return this.writes.run(args[0], () => this.query(...args));
  }

  private disarm(statement: string): QueryResultCacheOptions | undefined {
    const at = this.armed.findIndex(({ query }) => query?.startsWith(`${statement} -- PARAMETERS: `));
    return at < 0 ? undefined : this.armed.splice(at, 1)[0];
  }

  private async cached({ duration, identifier }: QueryResultCacheOptions, args: Parameters<Query>): Promise<unknown> {
    const { tables, queryPrimary = this.query } = this.settings;
    const [statement, params = []] = args;
    const { reads } = await tables.effectsOf(statement);
    if (!reads) return this.direct(args);
    const load = async (skipStore: () => void) => {
      const { transactionsBegun } = this.writes;
      const result = (await queryPrimary(...args)) as QueryResult;
      // Rows of a transaction on the same connection may never be committed.
      if (this.isInTransaction || this.writes.transactionsBegun !== transactionsBegun) skipStore();
      return result.records;
    };
    const records = await tables.answer(statement, params, reads, load, {
      ttlMs: duration,
      ...(identifier && { tag: identifier }),
    });
    return { records, raw: records };
  }
}
