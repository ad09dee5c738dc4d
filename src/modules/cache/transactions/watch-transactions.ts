import { TransactionScope } from './transaction-scope.js';

/** What runs transactions by `transaction(statements)`: TypeORM's `DataSource` and `EntityManager`, a Drizzle database. */
export interface TransactionRunner {
  transaction(...args: never[]): Promise<unknown>;
}

const watched = new WeakSet<object>();

/**
 * From now on `@CacheEvict` and `@CachePut` wait for the commit of transactions of this data source or database, and do
 * nothing if they are rolled back. Transactions that are begun by other means (`queryRunner.startTransaction()`, a raw
 * `begin`) are not known.
 *
 * @returns the same object.
 * @example
 * watchTransactions(dataSource); // TypeORM
 * const db = watchTransactions(drizzle(pool));
 */
export function watchTransactions<T extends TransactionRunner>(runner: T): T {
  const { manager } = runner as { manager?: unknown };
  // TypeORM: `DataSource.transaction()` and repositories go through the entity manager.
  watch(isRunner(manager) ? manager : runner, false);
  return runner;
}

/** @param isNested its transactions are savepoints of the transaction that the caller is in. */
function watch(runner: TransactionRunner, isNested: boolean): void {
  if (watched.has(runner)) return;
  watched.add(runner);
  const begin = runner.transaction.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  runner.transaction = (...args: unknown[]) =>
    TransactionScope.run(
      (scoped) => begin(...args.map((argument) => (isStatements(argument) ? scoped(nesting(argument)) : argument))),
      isNested,
    );
}

type Statements = (transaction: unknown, ...rest: unknown[]) => unknown;

function isStatements(argument: unknown): argument is Statements {
  return typeof argument === 'function';
}

/** The transaction that the statements are given has nested transactions of its own. */
function nesting(statements: Statements): Statements {
  return (transaction, ...rest) => {
    if (isRunner(transaction)) watch(transaction, true);
    return statements(transaction, ...rest);
  };
}

function isRunner(value: unknown): value is TransactionRunner {
  return (
    typeof value === 'object' && value !== null && 'transaction' in value && typeof value.transaction === 'function'
  );
}
