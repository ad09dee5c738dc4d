import type { QueryResult, QueryRunner } from 'typeorm';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import type { QueryRow } from '../rows.js';
import type { TableCache } from '../table-cache.js';
import { TransactionWrites } from '../transaction-writes.js';

/** `QueryRunner.query`: rows, or a {@link QueryResult} when `isStructured`. */
type Query = (statement: string, params?: unknown[], isStructured?: boolean) => Promise<unknown>;

const BEGINS = /^\s*(begin|start\s+transaction)\b/i;
const COMMITS = /^\s*(commit|end)\b/i;
const ROLLS_BACK = /^\s*(rollback|abort)\b(?!\s+(work\s+|transaction\s+)?to\b)/i;

/** Watches the statements of one query runner: answers what was armed from the cache, and tells the cache of writes. */
export class CachingQueryRunner {
  private readonly armed: QueryResultCacheOptions[] = [];
  private readonly query: Query;
  private readonly writes: TransactionWrites;
  private isInTransaction = false;

  constructor(
    private readonly runner: QueryRunner,
    private readonly tables: TableCache,
  ) {
    this.query = runner.query.bind(runner) as Query;
    this.writes = new TransactionWrites(tables);
    runner.query = ((...args: Parameters<Query>) => this.run(...args)) as QueryRunner['query'];
  }

  /** The next run of exactly this query may be answered from the cache. */
  arm(question: QueryResultCacheOptions): void {
    if (!this.runner.isTransactionActive && !this.isInTransaction) this.armed.push(question);
  }

  private run(...args: Parameters<Query>): Promise<unknown> {
    const question = this.disarm(args[0]);
    return question ? this.cached(question, args) : this.direct(args);
  }

  private disarm(statement: string): QueryResultCacheOptions | undefined {
    const at = this.armed.findIndex(({ query }) => query?.startsWith(`${statement} -- PARAMETERS: `));
    return at < 0 ? undefined : this.armed.splice(at, 1)[0];
  }

  private async cached(
    { duration, identifier }: QueryResultCacheOptions,
    args: Parameters<Query>,
  ): Promise<QueryResult> {
    const [statement, params = []] = args;
    const load = async () => ((await this.query(...args)) as QueryResult<QueryRow>).records;
    const records = await this.tables.rows(statement, params, load, {
      ttlMs: duration,
      ...(identifier && { tag: identifier }),
    });
    return { records, raw: records };
  }

  private async direct(args: Parameters<Query>): Promise<unknown> {
    const [statement] = args;
    if (BEGINS.test(statement)) this.isInTransaction = true;
    this.writes.note(statement);
    // A statement that fails inside a transaction settles nothing: its commit or rollback will.
    const settles = !this.isInTransaction || COMMITS.test(statement);
    const result = await this.query(...args).catch(async (error: unknown) => {
      if (settles) await this.writes.failed(error);
      throw error;
    });
    if (ROLLS_BACK.test(statement)) this.writes.rolledBack();
    else if (settles) await this.writes.committed();
    if (COMMITS.test(statement) || ROLLS_BACK.test(statement)) this.isInTransaction = false;
    return result;
  }
}
