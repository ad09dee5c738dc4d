import 'reflect-metadata';
import type { CacheConfigOptions } from './cache-config.options.js';
import type { CacheEvictOptions } from './cache-evict.options.js';
import type { CacheResponseOptions } from './cache-response.options.js';
import type { CachePutOptions } from './cache-put.options.js';
import type { CacheableOptions } from './cacheable.options.js';
import type { CachedMethod, CachedMethodDecorator } from './cached-method.js';

/** A method whose types are known no more: how metadata keeps options. */
export type ErasedMethod = (...args: unknown[]) => Promise<unknown>;

/** What one decorator asks for. */
export type CacheOperation<M extends CachedMethod = ErasedMethod> =
  | { readonly kind: 'cacheable'; readonly options: CacheableOptions<M> }
  | { readonly kind: 'put'; readonly options: CachePutOptions<M> }
  | { readonly kind: 'evict'; readonly options: CacheEvictOptions<M> }
  | { readonly kind: 'response'; readonly options: CacheResponseOptions };

const OPERATIONS = 'larder:cache:operations';
const CLASS_DEFAULTS = 'larder:cache:class-defaults';

/** The decorator that notes an operation on its method. */
export function addOperation<M extends CachedMethod>(operation: CacheOperation<M>): CachedMethodDecorator<M> {
  return (target, name, descriptor) => noteOperation(operation, decoratedMethod(target, name, descriptor));
}

/**
 * The method that a decorator stands on.
 *
 * @throws TypeError naming `Class@method` for what no cache can wrap: a static method, an accessor, a property, and a
 *   decorator that was compiled without `experimentalDecorators`.
 */
export function decoratedMethod(
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): object {
  if (typeof name === 'object')
    throw new TypeError('Caching decorators need "experimentalDecorators" in tsconfig.json.');
  const isStatic = typeof target === 'function';
  const method = `${isStatic ? target.name : target.constructor.name}@${String(name)}`;
  if (isStatic) throw new TypeError(`${method}: a static method belongs to no object, so it can't be cached.`);
  const value: unknown = descriptor?.value;
  if (typeof value !== 'function') throw new TypeError(`${method}: caching decorators are for methods.`);
  return value;
}

/** Notes an operation on the method itself, so that an override without the decorator has none. */
export function noteOperation<M extends CachedMethod>(operation: CacheOperation<M>, method: object): void {
  Reflect.defineMetadata(OPERATIONS, [operation, ...operationsOf(method)], method);
}

/** A method's operations, top to bottom; none where it is not decorated. */
export function operationsOf(method: object): readonly CacheOperation[] {
  return (Reflect.getOwnMetadata(OPERATIONS, method) as CacheOperation[] | undefined) ?? [];
}

/** Whether a method's results are kept by `@Cacheable`. */
export function isCacheable(method: object): boolean {
  return operationsOf(method).some(({ kind }) => kind === 'cacheable');
}

export function setClassDefaults(target: object, options: CacheConfigOptions): void {
  Reflect.defineMetadata(CLASS_DEFAULTS, options, target);
}

/** The defaults of a class or of the nearest it extends. */
export function classDefaultsOf(target: object): CacheConfigOptions {
  return (Reflect.getMetadata(CLASS_DEFAULTS, target) as CacheConfigOptions | undefined) ?? {};
}
