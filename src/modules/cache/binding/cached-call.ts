import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheableOptions } from '../decorators/cacheable.options.js';
import type { Cache, LoadOptions } from '../engine/contract/cache.js';
import { TransactionScope } from '../transactions/transaction-scope.js';
import { toLoadOptions } from './entry-options.js';
import type { KeyResolver } from './key-resolver.js';
import type { UnstorableWarning } from './unstorable-warning.js';

/** Runs the original method of one call, without its cache. */
export type Invocation = () => Promise<unknown>;

/** The work of one decorator around the calls of its method. */
export interface CallWrapper {
  call(invoke: Invocation, args: unknown[]): Promise<unknown>;
}

/** The work of `@Cacheable`. */
export class CachedCall implements CallWrapper {
  private readonly load: LoadOptions;

  constructor(
    private readonly cache: Cache,
    private readonly keys: KeyResolver,
    private readonly options: CacheableOptions<ErasedMethod>,
    warning: UnstorableWarning,
  ) {
    this.load = { ...toLoadOptions(options), onUnstorable: warning.give };
  }

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const { key, tags, condition, unless, resultTags } = this.options;
    const context = this.keys.context();
    if (context === undefined || (condition && !condition(...args))) return invoke();
    const entryKey = key ? this.keys.of(key(...args), context) : this.keys.ofArguments(args, context);
    const transaction = TransactionScope.current;
    if (transaction !== undefined) return this.callInTransaction(transaction, entryKey, invoke);
    return this.cache.getOrLoad(
      entryKey,
      async (context) => {
        const result = await invoke();
        if (unless?.(result, ...args)) context.skipStore();
        else if (resultTags) context.set({ tags: resultTags(result, ...args) });
        return result;
      },
      typeof tags === 'function' ? { ...this.load, tags: tags(...args) } : { ...this.load, tags },
    );
  }

  /**
   * What a method reads in a transaction may be rolled back, so it is not stored. After an eviction that waits for the commit
   * the cache is not asked either: it has what others still see.
   */
  private async callInTransaction(transaction: TransactionScope, key: string, invoke: Invocation): Promise<unknown> {
    if (transaction.hasPending) return invoke();
    const found = await this.cache.getEntry(key, { consistency: this.load.consistency });
    return found === undefined ? invoke() : found.value;
  }
}
