/** The cache was closed. Calls after that, and callers that wait for a load, are rejected with this error. */
export class CacheClosedError extends Error {
  constructor(cacheName: string) {
    super(`The cache "${cacheName}" is closed.`);
    this.name = 'CacheClosedError';
  }
}

/** The loader took longer than `hardTimeoutMs`; it goes on in the background and its result is stored if still valid. */
export class LoadTimeoutError extends Error {
  constructor(
    readonly key: string,
    readonly timeoutMs: number,
  ) {
    super(`Loading took longer than ${timeoutMs} ms.`);
    this.name = 'LoadTimeoutError';
  }
}

/**
 * A loader asked the cache for a key that the loader itself, or a load around it, is loading. Such a load would wait for
 * itself for ever.
 */
export class LoadCycleError extends Error {
  constructor(
    /** The keys in the order of their loads, each as `namespace:key`. The first and the last are the same. */
    readonly keys: readonly string[],
  ) {
    super(`The load of ${keys[0]} needs itself: ${keys.join(' → ')}.`);
    this.name = 'LoadCycleError';
  }
}
