import { TransactionScope } from './transaction-scope.js';

/** The functions of an adapter of `@nestjs-cls/transactional` that begin and end transactions. */
interface TransactionalFunctions {
  wrapWithTransaction(options: unknown, statements: () => Promise<unknown>, ...rest: unknown[]): Promise<unknown>;
  wrapWithNestedTransaction?(
    options: unknown,
    statements: () => Promise<unknown>,
    ...rest: unknown[]
  ): Promise<unknown>;
}

/** An adapter of `@nestjs-cls/transactional`. */
export interface TransactionalAdapterLike {
  optionsFactory: (...args: never[]) => object;
}

/**
 * Makes `@CacheEvict` and `@CachePut` wait for the commit of transactions that `@nestjs-cls/transactional` runs, by
 * `@Transactional()` or `TransactionHost.withTransaction()`, and do nothing if they are rolled back. For every adapter:
 * TypeORM, Drizzle, Prisma, Knex, Kysely, MongoDB and others. A method that leaves the transaction for a while
 * (`Propagation.NotSupported`) needs `afterCommit: false`: an adapter is not told of that.
 *
 * @returns the same adapter.
 * @example
 * new ClsPluginTransactional({ imports, adapter: watchTransactionalAdapter(new TransactionalAdapterTypeOrm({ dataSourceToken })) })
 */
export function watchTransactionalAdapter<A extends TransactionalAdapterLike>(adapter: A): A {
  const factory = adapter.optionsFactory.bind(adapter) as (...args: unknown[]) => TransactionalFunctions;
  adapter.optionsFactory = ((...args: unknown[]) => {
    const functions = factory(...args);
    return { ...functions, ...watchedFunctions(functions) };
  }) as A['optionsFactory'];
  return adapter;
}

function watchedFunctions(functions: TransactionalFunctions): Partial<TransactionalFunctions> {
  const { wrapWithNestedTransaction } = functions;
  return {
    // `Propagation.RequiresNew` begins an independent transaction, inside of another one too.
    wrapWithTransaction: (options, statements, ...rest) =>
      TransactionScope.run((scoped) => functions.wrapWithTransaction(options, scoped(statements), ...rest), false),
    ...(wrapWithNestedTransaction && {
      wrapWithNestedTransaction: (options, statements, ...rest) =>
        TransactionScope.run(
          (scoped) => wrapWithNestedTransaction.call(functions, options, scoped(statements), ...rest),
          true,
        ),
    }),
  };
}
