import type { CachedMethod } from '../cache/nest.js';

/** Options of `@WarmUp`. */
export interface WarmUpOptions {
  /** Concurrent calls. Default: `WARM_UP_CONCURRENCY`. */
  readonly concurrency?: number;
  /** Methods with a lower order come first; methods of the same order run concurrently. Default 0. */
  readonly order?: number;
}

/** Several items, available at once or one after the other. */
export type Many<T> = Iterable<T> | AsyncIterable<T>;

/** Arguments of the calls of a method: lists, or a function of its object that returns them. */
export type ArgumentLists<T, M extends CachedMethod> =
  | readonly Parameters<M>[]
  | ((service: T) => Many<Parameters<M>> | Promise<Many<Parameters<M>>>);
