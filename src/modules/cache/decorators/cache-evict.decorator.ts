import type { CacheEvictOptions } from './cache-evict.options.js';
import { addOperation } from './cache-metadata.js';
import type { CachedMethod, CachedMethodDecorator } from './cached-method.js';

/**
 * Removes entries once the method has done its work; the caller's promise waits for it. From then on no read on this
 * instance returns a value loaded before, and none on other instances within the bus's latency. While Redis is away the
 * eviction holds here and is sent before this instance trusts Redis again. May be given several times.
 *
 * @example
 * @CacheEvict({ key: (id) => id, tags: ['products:list'] })
 * async remove(id: string): Promise<void> { ... }
 */
export function CacheEvict<M extends CachedMethod>(options: CacheEvictOptions<M>): CachedMethodDecorator<M> {
  return addOperation({ kind: 'evict', options });
}
