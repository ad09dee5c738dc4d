import type { LoadContext } from '../../src/modules/cache/engine/contract/cache.js';

/** A loader whose calls end when the test says so. */
export class HeldLoad<T = string> {
  /** The contexts of the calls so far. */
  readonly contexts: LoadContext[] = [];
  readonly #ends: PromiseWithResolvers<T>[] = [];

  readonly load = (context: LoadContext): Promise<T> => {
    const end = Promise.withResolvers<T>();
    this.contexts.push(context);
    this.#ends.push(end);
    return end.promise;
  };

  /** Number of calls so far. */
  get calls(): number {
    return this.contexts.length;
  }

  /** Ends the oldest call that is under way. */
  resolve(value: T): void {
    this.#ends.shift()!.resolve(value);
  }

  /** Ends the oldest call that is under way with an error. */
  reject(error: Error): void {
    this.#ends.shift()!.reject(error);
  }
}
