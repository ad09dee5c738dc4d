import type { ErasedMethod } from '../decorators/cache-metadata.js';
import type { CacheableOptions } from '../decorators/cacheable.options.js';
import type { Cache, LoadOptions } from '../engine/contract/cache.js';
import { toLoadOptions } from './entry-options.js';
import type { KeyResolver } from './key-resolver.js';

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
  ) {
    this.load = toLoadOptions(options);
  }

  async call(invoke: Invocation, args: unknown[]): Promise<unknown> {
    const { key, tags, condition, unless, resultTags } = this.options;
    const context = this.keys.context();
    if (context === undefined || (condition && !condition(...args))) return invoke();
    return this.cache.getOrLoad(
      key ? this.keys.of(key(...args), context) : this.keys.ofArguments(args, context),
      async (context) => {
        const result = await invoke();
        if (unless?.(result, ...args)) context.skipStore();
        else if (resultTags) context.set({ tags: resultTags(result, ...args) });
        return result;
      },
      typeof tags === 'function' ? { ...this.load, tags: tags(...args) } : { ...this.load, tags },
    );
  }
}
