import type { Observable } from 'rxjs';

/**
 * A method the caching decorators fit: one that answers later. A synchronous method can't wait for a cache; make it
 * `async`. Of an `Observable` the last value is cached; such a method must declare its return type.
 */
export type CachedMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** What a cached method's promise or observable gives. */
export type MethodResult<M extends CachedMethod> =
  ReturnType<M> extends Observable<infer T> ? T : Awaited<ReturnType<M>>;

/** Sees the arguments the method was called with, after pipes. */
export type FromArguments<M extends CachedMethod, T> = (...args: Parameters<M>) => T;

/** Sees the method's result, then its arguments. */
export type FromResult<M extends CachedMethod, T> = (result: MethodResult<M>, ...args: Parameters<M>) => T;

/**
 * The key of an entry: text, or parts that are put together so that `['a:b', 'c']` and `['a', 'b:c']` stay different.
 * Parts may be anything {@link stableKey} understands.
 */
export type CacheKey = string | readonly unknown[];

/** Fits methods of exactly the type its options were written for. */
export type CachedMethodDecorator<M extends CachedMethod> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;
