import type { CachedMethod } from '../cache/nest.js';
import { addWarmUp } from './warm-up.metadata.js';
import type { ArgumentLists, WarmUpOptions } from './warm-up.options.js';

/**
 * Calls a `@Cacheable` method with each of the argument lists, in the background, when the application has started. A value
 * that another instance has loaded is a hit, and a value that another instance is loading is waited for, so only one
 * instance does the work. Failed calls are counted in the log. A method may have several `@WarmUp`.
 *
 * @param lists argument lists, or a function of the service that returns them: an array, an iterable or an async iterable.
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
