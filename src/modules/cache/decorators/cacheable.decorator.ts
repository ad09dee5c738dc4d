import { addOperation } from './cache-metadata.js';
import type { CacheableOptions } from './cacheable.options.js';
import type { CachedMethod, CachedMethodDecorator } from './cached-method.js';

/**
 * Answers from the cache; runs the method on a miss and stores what it gives. Concurrent calls with one key run it once,
 * here and across instances. Results that are plain objects are frozen, because every caller shares them. While Redis is
 * away the memory tier answers, and no call fails because of the cache; what the method throws is thrown and not stored.
 *
 * Fits any provider or controller, inherited methods too; an override that is not decorated is not cached.
 *
 * @example
 * @Cacheable({ ttl: '5m', key: (id) => id, tags: (id) => [`product:${id}`] })
 * async findOne(id: string): Promise<Product> { ... }
 */
export function Cacheable<M extends CachedMethod>(options: CacheableOptions<M> = {}): CachedMethodDecorator<M> {
  return addOperation({ kind: 'cacheable', options });
}
