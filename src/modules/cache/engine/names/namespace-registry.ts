import { WeakValues } from '../../../../common/weak-values.js';
import type { NamespaceOptions } from '../contract/cache.js';
import type { Scope } from './namespace.js';

/**
 * The namespaces of one cache: one object for the same wish for as long as somebody holds it or it loads something, so
 * that its cap on loads holds for everyone who asked. After that it is forgotten: applications make one per user.
 *
 * @typeParam C the cache of a namespace; it holds its scope.
 */
export class Namespaces<C extends object> {
  /** Loads hold the scope, and not the cache that its callers had. */
  readonly #scopes = new WeakValues<Scope>();
  readonly #caches = new WeakMap<Scope, C>();

  /** The namespace of this wish, made by `make` when there is none. */
  get(wish: string, scope: () => Scope, make: (scope: Scope) => C): C {
    const known = this.#scopes.get(wish);
    if (known !== undefined) return this.#caches.get(known)!;
    const made = scope();
    const cache = make(made);
    this.#scopes.set(wish, made);
    this.#caches.set(made, cache);
    return cache;
  }
}

/** A wish within another one's namespace (`''` for the root's). */
export function wishFor(parent: string, name: string, defaults: NamespaceOptions | undefined): string {
  return `${parent}${JSON.stringify([name, defaults ?? {}])}`;
}
