import { UnstorableValueError } from '../codec/unstorable-value.error.js';
import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CachePutOptions } from '../decorators/cache-put.options.js';
import type { Cache, EntryOptions } from '../engine/contract/cache.js';
import { TransactionScope } from '../transactions/transaction-scope.js';
import { CompletedInvocation } from './completed-invocation.js';
import type { CallWrapper, Invocation } from './cached-call.js';
import { toEntryOptions } from './entry-options.js';
import type { KeyResolver } from './key-resolver.js';
import { assertTags, tagsOf } from './tag-names.js';
import type { UnstorableWarning } from './unstorable-warning.js';

/** The work of `@CachePut`. */
export class PuttingCall implements CallWrapper {
  private readonly entry: EntryOptions;

  constructor(
    private readonly cache: Cache,
    private readonly keys: KeyResolver,
    private readonly options: CachePutOptions<ErasedMethod>,
    private readonly warning: UnstorableWarning,
  ) {
    this.entry = toEntryOptions(options);
  }

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const { key, tags, condition } = this.options;
    if (condition && !condition(...args)) return invoke();
    const context = this.keys.context();
    if (context === undefined) return invoke();
    const givenKey = key && this.keys.of(key(...args), context);
    const givenTags = tagsOf(tags, args, this.keys.methodName);
    const completed = await CompletedInvocation.of(invoke);
    await completed.afterwards(this.keys.methodName, async (result) => {
      try {
        await this.put(result, args, givenTags, givenKey ?? ((): string => this.resultKey(result, args, context)));
      } catch (error) {
        // Whatever the new value is, the old one is outdated.
        if (givenKey !== undefined) await this.cache.delete(givenKey);
        throw error;
      }
    });
    return completed.result();
  }

  private async put(
    result: unknown,
    args: unknown[],
    givenTags: readonly string[],
    givenKey: string | (() => string),
  ): Promise<void> {
    const { resultTags, unless } = this.options;
    if (unless?.(result, ...args)) return;
    const key = typeof givenKey === 'string' ? givenKey : givenKey();
    const late = assertTags(resultTags?.(result, ...args) ?? [], this.keys.methodName);
    const store = () => this.store(key, result, [...givenTags, ...late]);
    const scope = this.options.afterCommit === false ? undefined : TransactionScope.current;
    if (scope === undefined) await store();
    else scope.add({ whenCommitted: store, whenUncertain: async () => void (await this.cache.delete(key)) });
  }

  private resultKey(result: unknown, args: unknown[], context: string): string {
    return this.keys.of(this.options.resultKey?.(result, ...args) ?? '', context);
  }

  private async store(key: string, result: unknown, tags: readonly string[]): Promise<void> {
    try {
      await this.cache.set(key, result, { ...this.entry, tags });
    } catch (error) {
      // The engine has removed the old value, and counted this one.
      if (!(error instanceof UnstorableValueError)) throw error;
      this.warning.give(error);
    }
  }
}
