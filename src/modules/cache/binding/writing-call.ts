import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheEvictOptions } from '../decorators/cache-evict.options.js';
import type { CachePutOptions } from '../decorators/cache-put.options.js';
import type { Cache, EntryOptions } from '../engine/contract/cache.js';
import type { CallWrapper, Invocation } from './cached-call.js';
import { toEntryOptions } from './entry-options.js';
import type { KeyResolver } from './key-resolver.js';

/** The work of `@CachePut`. */
export class PuttingCall implements CallWrapper {
  private readonly entry: EntryOptions;

  constructor(
    private readonly cache: Cache,
    private readonly keys: KeyResolver,
    private readonly options: CachePutOptions<ErasedMethod>,
  ) {
    this.entry = toEntryOptions(options);
  }

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const result = await invoke();
    const { key, resultKey, tags, resultTags, condition, unless } = this.options;
    if ((condition && !condition(...args)) || unless?.(result, ...args)) return result;
    const context = this.keys.context();
    if (context === undefined) return result;
    const given = key ? key(...args) : resultKey?.(result, ...args);
    await this.cache.set(this.keys.of(given ?? '', context), result, {
      ...this.entry,
      tags: [...valuesOf(tags, args), ...(resultTags?.(result, ...args) ?? [])],
    });
    return result;
  }
}

/** The work of `@CacheEvict`. */
export class EvictingCall implements CallWrapper {
  constructor(
    private readonly cache: Cache,
    private readonly keys: KeyResolver,
    private readonly options: CacheEvictOptions<ErasedMethod>,
  ) {}

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const { condition, unless, resultTags, beforeInvocation } = this.options;
    if (condition && !condition(...args)) return invoke();
    if (beforeInvocation) await this.evict(args);
    let result: unknown;
    try {
      result = await invoke();
    } catch (error) {
      if (beforeInvocation) await this.evict(args);
      throw error;
    }
    if (!unless?.(result, ...args)) await this.evict(args, resultTags?.(result, ...args));
    return result;
  }

  private async evict(args: unknown[], resultTags: readonly string[] = []): Promise<void> {
    const { key, keys, tags, all, expire } = this.options;
    if (all) await this.cache.clear();
    const given = [...(key ? [key(...args)] : []), ...(keys?.(...args) ?? [])];
    const context = given.length > 0 ? this.keys.context() : undefined;
    if (context !== undefined) await this.cache.delete(given.map((key) => this.keys.of(key, context)));
    const names = [...valuesOf(tags, args), ...resultTags];
    if (names.length > 0) await (expire ? this.cache.expireTags(names) : this.cache.invalidateTags(names));
  }
}

function valuesOf(tags: CachePutOptions<ErasedMethod>['tags'], args: unknown[]): readonly string[] {
  return (typeof tags === 'function' ? tags(...args) : tags) ?? [];
}
