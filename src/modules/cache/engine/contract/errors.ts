/** The cache was closed: whoever calls it now, or waits for a load of it, is told so. */
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
