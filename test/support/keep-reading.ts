import type { Cache } from '../../src/modules/cache/engine/contract/cache.js';

const INTERVAL_MS = 5;

/** Reads a key that does not exist again and again, so that the heartbeats of the caches do not rest. @returns a function that stops it. */
export function keepReading(...caches: readonly Cache[]): () => void {
  const timer = setInterval(() => {
    for (const cache of caches) cache.get('read by the test').catch(() => undefined);
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
