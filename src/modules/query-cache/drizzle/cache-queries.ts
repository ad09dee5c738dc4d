import { getTableName } from 'drizzle-orm';
import type { MutationOption } from 'drizzle-orm/cache/core';
import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { MySqlDatabase } from 'drizzle-orm/mysql-core';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import type { Cache } from '../../cache/library.js';
import type { DrizzleQueryCacheOptions } from '../query-cache.options.js';
import type { Dialect } from '../statements/statement.js';
import { type QueryEntry, TableCache } from '../table-cache.js';
import { WriteTracker } from '../write-tracker.js';
import { fromStoredAnswer, type StoredAnswer, toStoredAnswer } from './driver-answer.js';
import { dialectOf, type DrizzleDatabase, isReplicated, type Session, type Transaction } from './drizzle-internals.js';
import { viewRelational } from './relational-queries.js';
import './relational-typing.js';
import { viewReplicated } from './replicated-view.js';
import { type PreparedDetails, type StatementHook, viewSession } from './session-view.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- the generics are invariant: no other argument takes every database */
/** Drizzle on any driver that answers asynchronously. */
export type CacheableDatabase =
  | PgDatabase<any, any, any>
  | MySqlDatabase<any, any, any, any>
  | BaseSQLiteDatabase<'async', any, any, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

/**
 * A view of a Drizzle database whose queries are cached and whose writes invalidate, by the tables they name.
 *
 * A write's promise settles once the invalidation is acknowledged, so a caller that awaited it never reads older rows; a
 * transaction invalidates after its commit and not at all when it is rolled back. Inside a transaction every query goes
 * to the database. A statement that is not understood, or that may change any table, invalidates everything. Writes by
 * another program and by triggers are not seen: say `await db.$cache.invalidate({ tables: [...] })`, or declare
 * `dependents`.
 *
 * Drizzle's own `Cache` class could not promise this: it is told of a write while the write still runs, in a transaction
 * long before the commit, and can't tell which load a stored result belongs to.
 *
 * @param db Drizzle on PostgreSQL, PGlite, MySQL, MariaDB or SQLite by an asynchronous driver, or `withReplicas(...)` of
 *   such; it stays as it is.
 * @param cache a namespace of its own, where `clear` may be called.
 * @throws TypeError for a synchronous driver, and for other databases.
 * @example
 * const db = cacheQueries(drizzle(pool), cache.namespace('queries'), { ttlMs: 60_000 });
 * const cheap = await db.select().from(products).where(lt(products.price, 10)).$withCache();
 * await db.update(products).set({ price: 12 }).where(eq(products.id, 7));
 */
export function cacheQueries<D extends CacheableDatabase>(db: D, cache: Cache, options: DrizzleQueryCacheOptions = {}): D {
  const { strategy = 'explicit', ...rest } = options;
  const database = db as unknown as DrizzleDatabase;
  const primary = isReplicated(database) ? database.$primary : database;
  const view = new DatabaseView(primary, new TableCache(cache, dialectOf(primary), rest), strategy === 'all');
  return (isReplicated(database)
    ? viewReplicated(database, view.database, ([, , , , , metadata, cacheConfig]) =>
        view.isCached({ isSelect: metadata?.type === 'select', cacheConfig }),
      )
    : view.database) as unknown as D;
}

/** One database seen through its cache. */
class DatabaseView {
  readonly database: DrizzleDatabase;
  private readonly dialect: Dialect;
  private readonly tracker: WriteTracker;

  constructor(
    private readonly plain: DrizzleDatabase,
    private readonly tables: TableCache,
    private readonly isCachedByDefault: boolean,
  ) {
    this.dialect = dialectOf(plain);
    this.tracker = new WriteTracker(tables, { dialect: this.dialect, isPool: true });
    const { session } = plain;
    const batch: Session['batch'] = (queries, ...rest) =>
      this.tracker.runAll(
        queries.map((query) => query._prepare().getQuery!().sql),
        () => session.batch!(queries, ...rest),
      );
    const view = viewSession(session, this.hook, {
      transaction: (work, config) => this.runTransaction(work, config),
      ...(session.batch && { batch }),
    });
    const invalidate = async (option: MutationOption) => {
      const { tables, names } = namesOf(option);
      await this.tables.invalidateTables(tables);
      await this.tables.invalidateNamed(names);
    };
    this.database = Object.assign(Object.create(plain) as DrizzleDatabase, {
      session: view,
      query: viewRelational(plain.query, () => view),
      $cache: { invalidate },
    });
  }

  isCached({ isSelect, cacheConfig }: PreparedDetails): boolean {
    return isSelect && (cacheConfig ? cacheConfig.enable : this.isCachedByDefault);
  }

  /** Statements that are transactions of their own: reads from the cache, and invalidation after every write. */
  private readonly hook: StatementHook = (execute, details) => async (statement, params, run, form) => {
    const load = () => execute(statement, params, run);
    if (!this.isCached(details) || this.tracker.isInTransaction) return this.tracker.run(statement, load);
    const { reads } = await this.tables.effectsOf(statement);
    if (!reads) return this.tracker.run(statement, load);
    const entry = entryOf(details.cacheConfig, form);
    return this.answer(statement, params, reads, load, entry);
  };

  private async answer(
    statement: string,
    params: unknown[],
    reads: readonly string[],
    load: () => Promise<unknown>,
    entry: QueryEntry,
  ): Promise<unknown> {
    let unstored: { answer: unknown } | undefined;
    const stored = await this.tables.answer(
      statement,
      params,
      reads,
      async (skipStore) => {
        const { transactionsBegun } = this.tracker;
        const answer = await load();
        const rows = toStoredAnswer(answer);
        // Rows of a transaction on the same connection may never be committed.
        if (!rows || this.tracker.isInTransaction || this.tracker.transactionsBegun !== transactionsBegun) {
          unstored = { answer };
          skipStore();
        }
        return rows;
      },
      entry,
    );
    if (unstored) return unstored.answer;
    return stored ? fromStoredAnswer(stored as StoredAnswer) : load();
  }

  /** Nothing is read from the cache or stored meanwhile: rows of a transaction may never be committed. */
  private async runTransaction<T>(work: (tx: Transaction) => Promise<T>, config: unknown): Promise<T> {
    const { session } = this.plain;
    const writes = new WriteTracker(this.tables, { dialect: this.dialect, isInTransaction: true });
    let isShared = false;
    let isCommitting = false;
    const ran = session.transaction(async (tx) => {
      // Drivers with one connection run the transaction on it, and so every other statement sent meanwhile.
      isShared = tx.session === session;
      if (isShared) this.tracker.transactionBegins();
      const noting = viewSession(tx.session, (execute) => (statement, params, run) =>
        writes.run(statement, () => execute(statement, params, run)),
      );
      const result = await work(joinTransaction(tx, noting, writes));
      isCommitting = true;
      return result;
    }, config);
    try {
      const result = await ran;
      await writes.committed();
      return result;
    } catch (error) {
      await (isCommitting ? writes.commitFailed(error) : writes.rolledBack());
      throw error;
    } finally {
      if (isShared) await this.tracker.transactionEnds();
    }
  }
}

/** Nested transactions join it: their writes become visible to other connections when the outermost transaction commits. */
function joinTransaction(tx: Transaction, session: Session, writes: WriteTracker): Transaction {
  const nested = tx.transaction.bind(tx);
  const invalidate = async (option: MutationOption) => {
    const { tables, names } = namesOf(option);
    writes.add(tables, names);
  };
  return Object.assign(tx, {
    session,
    query: viewRelational(tx.query, () => session),
    $cache: { invalidate },
    transaction: <T>(work: (inner: Transaction) => Promise<T>) =>
      nested((inner) => work(joinTransaction(inner, session, writes))),
  });
}

function entryOf(config: WithCacheConfig | undefined, form: string): QueryEntry {
  const ttlMs = ttlOf(config?.config);
  return {
    form,
    hasTableTags: config?.autoInvalidate !== false,
    ...(ttlMs !== undefined && { ttlMs }),
    ...(config?.tag !== undefined && { tag: config.tag }),
  };
}

/** Drizzle's options are those of Redis' SET. */
function ttlOf({ px, ex, pxat, exat }: NonNullable<WithCacheConfig['config']> = {}): number | undefined {
  if (px !== undefined) return px;
  if (ex !== undefined) return ex * 1_000;
  const until = pxat ?? (exat === undefined ? undefined : exat * 1_000);
  return until === undefined ? undefined : Math.max(0, until - Date.now());
}

function namesOf({ tables = [], tags = [] }: MutationOption): { tables: string[]; names: string[] } {
  const nameOf = (table: Extract<typeof tables, unknown[]>[number]) =>
    typeof table === 'string' ? table.slice(table.lastIndexOf('.') + 1) : getTableName(table);
  return { tables: [tables].flat().map(nameOf), names: [tags].flat() };
}
