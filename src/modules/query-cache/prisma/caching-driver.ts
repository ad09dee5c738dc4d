import type { Dialect } from '../statements/statement.js';
import type { QueryEntry, TableCache } from '../table-cache.js';
import { WriteTracker } from '../write-tracker.js';
import type { PrismaDriver, PrismaQuery, PrismaQueryable, PrismaTransaction } from './prisma-driver.js';

/** Makes drivers of Prisma whose marked queries are cached, and whose writes invalidate. */
export class CachingDriver {
  /** @param markedEntry how the query that runs now is to be cached; `undefined` when it is not. */
  constructor(
    private readonly tables: TableCache,
    private readonly dialect: Dialect,
    private readonly markedEntry: () => QueryEntry | undefined,
  ) {}

  of(driver: PrismaDriver): PrismaDriver {
    const tracker = new WriteTracker(this.tables, { dialect: this.dialect, isPool: true });
    const { queryRaw, executeRaw } = trackedMethods(driver, tracker);
    return withMethods(driver, {
      queryRaw: (query: PrismaQuery) => {
        const entry = this.markedEntry();
        return entry ? this.read(driver, query, tracker, entry) : queryRaw(query);
      },
      executeRaw,
      executeScript: (script: string) => tracker.run(script, () => driver.executeScript(script)),
      startTransaction: (isolationLevel?: unknown) => this.startTransaction(driver, tracker, isolationLevel),
    });
  }

  private async read(
    driver: PrismaDriver,
    query: PrismaQuery,
    tracker: WriteTracker,
    entry: QueryEntry,
  ): Promise<unknown> {
    const { reads } = await this.tables.effectsOf(query.sql);
    if (!reads || tracker.isInTransaction) return tracker.run(query.sql, () => driver.queryRaw(query));
    const load = async (skipStore: () => void) => {
      const { transactionsBegun } = tracker;
      const answer = await driver.queryRaw(query);
      // Rows of a transaction on the same connection may never be committed.
      if (tracker.isInTransaction || tracker.transactionsBegun !== transactionsBegun) skipStore();
      return answer;
    };
    return this.tables.answer(query.sql, query.args, reads, load, entry);
  }

  /** Nothing is read from the cache in a transaction: its rows may never be committed. */
  private async startTransaction(
    driver: PrismaDriver,
    tracker: WriteTracker,
    isolationLevel: unknown,
  ): Promise<PrismaTransaction> {
    // Drivers of SQLite have one connection, so that other statements run in the transaction too.
    const isShared = this.dialect === 'sqlite';
    if (isShared) tracker.transactionBegins();
    const end = async () => {
      if (isShared) await tracker.transactionEnds();
    };
    const transaction = await driver.startTransaction(isolationLevel).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    const writes = new WriteTracker(this.tables, { dialect: this.dialect, isInTransaction: true });
    return withMethods(transaction, {
      ...trackedMethods(transaction, writes),
      commit: async () => {
        try {
          await transaction.commit();
          await writes.committed();
        } catch (error) {
          await writes.commitFailed(error);
          throw error;
        } finally {
          await end();
        }
      },
      rollback: async () => {
        try {
          await transaction.rollback();
        } finally {
          await writes.rolledBack();
          await end();
        }
      },
    });
  }
}

function trackedMethods(target: PrismaQueryable, tracker: WriteTracker): PrismaQueryable {
  return {
    queryRaw: (query) => tracker.run(query.sql, () => target.queryRaw(query)),
    executeRaw: (query) => tracker.run(query.sql, () => target.executeRaw(query)),
  };
}

/** The target with other methods. Methods that use private fields of the target still work. */
export function withMethods<T extends object>(target: T, methods: object): T {
  return new Proxy(target, {
    get(_, property) {
      if (Object.hasOwn(methods, property)) return Reflect.get(methods, property) as unknown;
      const value = Reflect.get(target, property, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
