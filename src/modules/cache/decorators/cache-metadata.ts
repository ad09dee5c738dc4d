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
  return (_target, _name, { value }) => noteOperation(operation, value);
}

/** Notes an operation on the method itself, so that an override without the decorator has none. */
export function noteOperation<M extends CachedMethod>(operation: CacheOperation<M>, method: object | undefined): void {
  if (method) Reflect.defineMetadata(OPERATIONS, [operation, ...operationsOf(method)], method);
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
