import { Keyv } from 'keyv';
import type { Cache } from '../engine/contract/cache.js';
import { KeyvStore } from './keyv-store.js';

/** Options of `createKeyv()`. */
export interface KeyvOptionsOfCache {
  /** Keyv's namespace, any text; `clear()` empties it and no other. Default `'keyv'`. */
  readonly namespace?: string;
  /** Milliseconds that a value without a ttl of its own is kept. Default: until it is evicted. */
  readonly ttl?: number;
}

/**
 * A Keyv over a cache, for code and libraries that take one (`cache-manager`, `got`, Apollo, ...): both tiers, the promise
 * about invalidations, and what the cache keeps (dates, maps, typed arrays, registered classes) without JSON in between.
 *
 * @param cache the root or a namespace; its owner closes it.
 * @example
 * const keyv = createKeyv(cache.namespace('legacy'), { namespace: 'users', ttl: 60_000 });
 * const manager = createCache({ stores: [keyv] }); // of cache-manager
 */
export function createKeyv<T = unknown>(cache: Cache, { namespace = 'keyv', ttl }: KeyvOptionsOfCache = {}): Keyv<T> {
  return new Keyv<T>({
    store: new KeyvStore(cache),
    namespace,
    ttl,
    // The namespace of the cache keeps keys apart, so they need no prefix.
    useKeyPrefix: false,
    serialize: undefined,
    deserialize: undefined,
  });
}
