import { WeakValues } from '../../../../common/weak-values.js';
import type { NamespaceOptions } from '../contract/cache.js';
import type { Namespace } from './namespace.js';

/**
 * The namespaces of one cache. Returns the same cache object for the same name and options while the object is referenced or
 * has loads in flight, so that all callers share its `maxConcurrentLoads`. After that it is forgotten: applications make one
 * namespace per user.
 *
 * @typeParam C the cache of a namespace. It references its `Namespace`.
 */
export class NamespaceRegistry<C extends object> {
  /** Loads in flight reference the `Namespace`, not the cache object. */
  readonly #namespaces = new WeakValues<Namespace>();
  readonly #caches = new WeakMap<Namespace, C>();

  /** The cache of this registry key, made when there is none. */
  get(registryKey: string, makeNamespace: () => Namespace, makeCache: (namespace: Namespace) => C): C {
    const known = this.#namespaces.get(registryKey);
    if (known !== undefined) return this.#caches.get(known)!;
    const namespace = makeNamespace();
    const cache = makeCache(namespace);
    this.#namespaces.set(registryKey, namespace);
    this.#caches.set(namespace, cache);
    return cache;
  }
}

/** The key of a namespace within a parent's (`''` for the root): its name and its options. */
export function registryKeyOf(parent: string, name: string, defaults: NamespaceOptions | undefined): string {
  return `${parent}${JSON.stringify([name, defaults ?? {}])}`;
}
