import type { CachedMethod } from '../cache/index.js';
import { addWarmUp } from './warm-up.metadata.js';
import type { ArgumentLists, WarmUpOptions } from './warm-up.options.js';

/**
 * Calls a `@Cacheable` method with each of the argument lists once the application has started, in the background. What
 * other instances have loaded is a hit, and what they are loading is waited for, so only one of them does the work. Calls
 * that fail are counted in the log and nothing else. May be given several times.
 *
 * @param lists argument lists, or a function of the service that gives them: an array, an iterable or an async iterable.
 * @example
 * @WarmUp((service) => service.popularIds().then((ids) => ids.map((id) => [id])))
 * @Cacheable({ ttl: '1h' })
 * async findOne(id: string): Promise<Product> { ... }
 */
export function WarmUp<T extends object, M extends CachedMethod>(
  lists: ArgumentLists<T, M>,
  options: WarmUpOptions = {},
): (target: T, name: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void {
  return (_target, _name, { value: method }) => {
    if (method) addWarmUp(method, { lists, options });
  };
}
