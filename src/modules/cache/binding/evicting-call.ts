import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheEvictOptions } from '../decorators/cache-evict.options.js';
import type { Cache } from '../engine/contract/cache.js';
import { TransactionScope } from '../transactions/transaction-scope.js';
import type { CallWrapper, Invocation } from './cached-call.js';
import { CompletedInvocation } from './completed-invocation.js';
import type { KeyResolver } from './key-resolver.js';
import { assertTags, tagsOf } from './tag-names.js';

/** What a call evicts, as far as its arguments tell. */
interface PlannedEviction {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
}

/**
 * The work of `@CacheEvict`. Order: (1) keys and tags are made of the arguments, so that a mistake in them is known before
 * the method changes anything; (2) the method runs; (3) what the arguments told is evicted, whatever happens to the tags of
 * the result.
 */
export class EvictingCall implements CallWrapper {
  constructor(
    private readonly cache: Cache,
    private readonly keys: KeyResolver,
    private readonly options: CacheEvictOptions<ErasedMethod>,
  ) {}

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const { condition, beforeInvocation } = this.options;
    if (condition && !condition(...args)) return invoke();
    const planned = this.plan(args);
    if (beforeInvocation) await this.evict(planned);
    let completed: CompletedInvocation;
    try {
      completed = await CompletedInvocation.of(invoke);
    } catch (error) {
      if (beforeInvocation) await this.evict(planned);
      throw error;
    }
    await completed.afterwards(this.keys.methodName, (result) => this.evictAfter(planned, result, args));
    return completed.result();
  }

  private plan(args: unknown[]): PlannedEviction {
    const { key, keys, tags } = this.options;
    const given = [...(key ? [key(...args)] : []), ...(keys?.(...args) ?? [])];
    const context = given.length > 0 ? this.keys.context() : undefined;
    return {
      keys: context === undefined ? [] : given.map((one) => this.keys.of(one, context)),
      tags: tagsOf(tags, args, this.keys.methodName),
    };
  }

  /** @throws what a function of the result throws, after the rest was evicted. */
  private async evictAfter(planned: PlannedEviction, result: unknown, args: unknown[]): Promise<void> {
    const { unless, resultTags } = this.options;
    const errors: unknown[] = [];
    const attempt = <T>(work: () => T, otherwise: T): T => {
      try {
        return work();
      } catch (error) {
        errors.push(error);
        return otherwise;
      }
    };
    if (attempt(() => unless?.(result, ...args), false)) return;
    const late = attempt(() => assertTags(resultTags?.(result, ...args) ?? [], this.keys.methodName), []);
    await this.evictOnceCommitted({ ...planned, tags: [...planned.tags, ...late] }).catch((error: unknown) => {
      errors.push(error);
    });
    if (errors.length > 0) throw errors[0];
  }

  private async evictOnceCommitted(eviction: PlannedEviction): Promise<void> {
    const evict = () => this.evict(eviction);
    const scope = this.options.afterCommit === false ? undefined : TransactionScope.current;
    if (scope === undefined) await evict();
    else scope.add({ whenCommitted: evict, whenUncertain: evict });
  }

  /** Tries each eviction, and then throws the first error. */
  private async evict({ keys, tags }: PlannedEviction): Promise<void> {
    const { all, expire } = this.options;
    const evictions: Promise<unknown>[] = [];
    if (all) evictions.push(this.cache.clear());
    if (keys.length > 0) evictions.push(this.cache.delete(keys));
    if (tags.length > 0) evictions.push(expire ? this.cache.expireTags(tags) : this.cache.invalidateTags(tags));
    const failed = (await Promise.allSettled(evictions)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }
}
