import { getTableName } from 'drizzle-orm';
import type { MutationOption } from 'drizzle-orm/cache/core';
import type { WithCacheConfig } from 'drizzle-orm/cache/core/types';
import type { PgDatabase, PgQueryResultHKT, PgTransaction } from 'drizzle-orm/pg-core';
import type { Cache } from '../../cache/library.js';
import type { DrizzleQueryCacheOptions } from '../query-cache.options.js';
import { tablesOf } from '../sql-tables.js';
import { type QueryEntry, TableCache } from '../table-cache.js';
import { TransactionWrites } from '../transaction-writes.js';
import { type AnySession, type StatementHook, viewSession } from './session-view.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as AnySession
type AnyDatabase = PgDatabase<PgQueryResultHKT, any, any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as AnySession
type AnyTransaction = PgTransaction<PgQueryResultHKT, any, any>;

/**
 * A view of a Drizzle database whose queries are cached and whose writes invalidate, by the tables they name.
 *
 * A write's promise settles once the invalidation is acknowledged, so who awaited it never reads older rows; a
 * transaction invalidates after its commit and not at all when it is rolled back. Inside a transaction every query goes
 * to the database. Writes by another program, by functions and by triggers are not seen: say
 * `await db.$cache.invalidate({ tables: [...] })`, or declare `dependents`.
 *
 * Drizzle's own `Cache` class could not promise this: it is told of a write while the write still runs, in a transaction
 * long before the commit, and can't tell which load a stored result belongs to.
 *
 * @param db Drizzle on node-postgres, PGlite or another driver that answers with `rows`; it stays as it is.
 * @param cache a namespace of its own, where `clear` may be called.
 * @example
 * const db = cacheQueries(drizzle(pool), cache.namespace('queries'), { ttlMs: 60_000 });
 * const cheap = await db.select().from(products).where(lt(products.price, 10)).$withCache();
 * await db.update(products).set({ price: 12 }).where(eq(products.id, 7));
 */
export function cacheQueries<D extends AnyDatabase>(db: D, cache: Cache, options: DrizzleQueryCacheOptions = {}): D {
  const { strategy = 'explicit', dependents = {}, ...defaults } = options;
  const tables = new TableCache(cache, defaults, (table) => dependents[table] ?? []);
  const session: AnySession = db._.session;
  const view = viewSession(session, cachedStatements(tables, strategy === 'all'), (work, config) =>
    runTransaction(session, new TransactionWrites(tables), work, config),
  );
  const invalidate = async (option: MutationOption) => {
    const writes = new TransactionWrites(tables);
    addMutation(writes, option);
    await writes.committed();
  };
  return Object.assign(Object.create(db) as D, { session: view, $cache: { invalidate } });
}

/** Reads from the cache, and invalidation after every write, for statements that are transactions of their own. */
function cachedStatements(tables: TableCache, isCachedByDefault: boolean): StatementHook {
  return (execute, { isSelect, cacheConfig }) =>
    async (statement, params, run) => {
      const isWrite = tablesOf(statement).writes.length > 0;
      if (isWrite) return writeThrough(new TransactionWrites(tables), statement, () => execute(statement, params, run));
      const entry = isSelect ? entryOf(cacheConfig, isCachedByDefault) : undefined;
      if (!entry) return execute(statement, params, run);
      return { rows: await tables.rows(statement, params, async () => (await execute(statement, params, run)).rows, entry) };
    };
}

async function writeThrough<T>(writes: TransactionWrites, statement: string, run: () => Promise<T>): Promise<T> {
  writes.note(statement);
  const result = await run().catch(async (error: unknown) => {
    await writes.failed(error);
    throw error;
  });
  await writes.committed();
  return result;
}

/** Nothing is read from the cache or stored meanwhile: rows of a transaction may never be committed. */
async function runTransaction<T>(
  session: AnySession,
  writes: TransactionWrites,
  work: (tx: AnyTransaction) => Promise<T>,
  config: Parameters<AnySession['transaction']>[1],
): Promise<T> {
  let isCommitting = false;
  const ran = session.transaction(async (tx) => {
    const noting = viewSession(tx._.session, (execute) => (statement, params, run) => {
      writes.note(statement);
      return execute(statement, params, run);
    });
    const result = await work(joinTransaction(tx, noting, writes));
    isCommitting = true;
    return result;
  }, config);
  const result = await ran.catch(async (error: unknown) => {
    if (isCommitting) await writes.failed(error);
    throw error;
  });
  await writes.committed();
  return result;
}

/** Also transactions in this one: what they write is visible to others only when the outermost commits. */
function joinTransaction(tx: AnyTransaction, session: AnySession, writes: TransactionWrites): AnyTransaction {
  const nested = tx.transaction.bind(tx);
  return Object.assign(tx, {
    session,
    $cache: { invalidate: async (option: MutationOption) => addMutation(writes, option) },
    transaction: <T>(work: (inner: AnyTransaction) => Promise<T>) => nested((inner) => work(joinTransaction(inner, session, writes))),
  });
}

function entryOf(config: WithCacheConfig | undefined, isCachedByDefault: boolean): QueryEntry | undefined {
  if (!config) return isCachedByDefault ? {} : undefined;
  if (!config.enable) return undefined;
  const ttlMs = ttlOf(config.config);
  return {
    hasTableTags: config.autoInvalidate !== false,
    ...(ttlMs !== undefined && { ttlMs }),
    ...(config.tag !== undefined && { tag: config.tag }),
  };
}

/** Drizzle's options are those of Redis' SET. */
function ttlOf({ px, ex, pxat, exat }: NonNullable<WithCacheConfig['config']> = {}): number | undefined {
  if (px !== undefined) return px;
  if (ex !== undefined) return ex * 1_000;
  const until = pxat ?? (exat === undefined ? undefined : exat * 1_000);
  return until === undefined ? undefined : Math.max(0, until - Date.now());
}

function addMutation(writes: TransactionWrites, { tables = [], tags = [] }: MutationOption): void {
  writes.add(
    [tables].flat().map((table) => (typeof table === 'string' ? table.slice(table.lastIndexOf('.') + 1) : getTableName(table))),
    [tags].flat(),
  );
}
