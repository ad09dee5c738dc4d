import type { CachedMethod } from '../cache/index.js';

/** How a method is warmed. */
export interface WarmUpOptions {
  /** Calls that run at once. Default: `WARM_UP_CONCURRENCY`. */
  readonly concurrency?: number;
  /** Lower comes first; methods of one order are warmed side by side. Default 0. */
  readonly order?: number;
}

/** Many of something, at once or one after the other. */
export type Many<T> = Iterable<T> | AsyncIterable<T>;

/** What a method is called with: lists, or a function of its object that gives them. */
export type ArgumentLists<T, M extends CachedMethod> =
  | readonly Parameters<M>[]
  | ((service: T) => Many<Parameters<M>> | Promise<Many<Parameters<M>>>);
