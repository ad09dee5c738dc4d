import { addOperation } from './cache-metadata.js';
import type { CachePutOptions } from './cache-put.options.js';
import type { CachedMethod, CachedMethodDecorator } from './cached-method.js';

/**
 * Always runs the method and stores what it gives, for `@Cacheable` methods with the same key to find. Loads of that key
 * that are in flight anywhere are voided. Nothing is stored when the method throws.
 *
 * Two writers of one row may finish in one order in the database and in the other here. Where writers race, evict.
 *
 * @example
 * @CachePut({ key: (id) => id, tags: (id) => [`product:${id}`] })
 * async update(id: string, changes: ProductChanges): Promise<Product> { ... }
 */
export function CachePut<M extends CachedMethod>(options: CachePutOptions<M>): CachedMethodDecorator<M> {
  return addOperation({ kind: 'put', options });
}
