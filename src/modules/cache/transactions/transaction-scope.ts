import { AsyncLocalStorage } from 'node:async_hooks';

/** What waits for the end of a transaction. */
export interface CommitTask {
  readonly whenCommitted: () => Promise<void>;
  /** The commit failed, and may have taken effect nevertheless. */
  readonly whenUncertain: () => Promise<void>;
}

const current = new AsyncLocalStorage<TransactionScope | undefined>();

/**
 * A database transaction as the cache sees it: what waits for its commit. The scope of a nested transaction (a savepoint)
 * hands its tasks to the scope around it when it ends well, and drops them when it is rolled back.
 */
export class TransactionScope {
  private tasks: CommitTask[] = [];
  private isOver = false;

  /** The transaction that the caller runs in. */
  static get current(): TransactionScope | undefined {
    const scope = current.getStore();
    return scope?.isOver ? undefined : scope;
  }

  /**
   * Runs a transaction. What waits for its commit runs before the promise resolves.
   *
   * @param isNested its tasks wait for the commit of the transaction around it, if there is one.
   * @param transaction begins, calls the function it is given for the statements, and commits or rolls back.
   * @throws what `transaction` throws; `AggregateError` for tasks that failed after the commit.
   */
  static async run<T>(transaction: (scoped: Scoped) => Promise<T>, isNested: boolean): Promise<T> {
    const outer = isNested ? TransactionScope.current : undefined;
    const scope = new TransactionScope();
    let haveStatementsEnded = false;
    const scoped: Scoped =
      (statements) =>
      async (...args): Promise<never> => {
        haveStatementsEnded = false;
        const result = await current.run(scope, async () => statements(...args));
        haveStatementsEnded = true;
        return result as never;
      };
    let result: T;
    try {
      result = await transaction(scoped);
    } catch (error) {
      scope.isOver = true;
      // The statements went well, so the commit failed, and may have taken effect.
      if (haveStatementsEnded) await Promise.allSettled(scope.tasks.map((task) => task.whenUncertain()));
      throw error;
    }
    scope.isOver = true;
    if (outer === undefined) await runAll(scope.tasks);
    else outer.tasks.push(...scope.tasks);
    return result;
  }

  /** Whether something was evicted in this transaction, and is still in the cache. */
  get hasPending(): boolean {
    return this.tasks.length > 0;
  }

  add(task: CommitTask): void {
    this.tasks.push(task);
  }
}

/** Wraps the function with the statements of a transaction, so that these know of it. */
export type Scoped = <A extends unknown[], R>(statements: (...args: A) => R) => (...args: A) => Promise<Awaited<R>>;

async function runAll(tasks: readonly CommitTask[]): Promise<void> {
  const outcomes = await Promise.allSettled(tasks.map((task) => task.whenCommitted()));
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (errors.length > 0)
    throw new AggregateError(errors, 'The transaction is committed, but the cache was not fully told of it.');
}

/**
 * Runs `work` once the transaction that the caller is in is committed, and never if it is rolled back; at once outside of a
 * transaction. If the commit fails without saying whether it took effect, `work` runs too. Known are the transactions of {@link watchTransactions} and {@link watchTransactionalAdapter}.
 *
 * @example
 * await afterCommit(() => cache.invalidateTags([`product:${id}`]));
 */
export async function afterCommit(work: () => Promise<unknown>): Promise<void> {
  const scope = TransactionScope.current;
  if (scope === undefined) return void (await work());
  const run = async () => void (await work());
  scope.add({ whenCommitted: run, whenUncertain: run });
}
