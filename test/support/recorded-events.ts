import type { Cache } from '../../src/modules/cache/engine/contract/cache.js';
import type { CacheEventName, CacheEvents } from '../../src/modules/cache/engine/contract/events.js';

/** Subscribes to an event and returns the list that its payloads are appended to. */
export function recordedEvents<E extends CacheEventName>(cache: Cache, event: E): CacheEvents[E][] {
  const payloads: CacheEvents[E][] = [];
  cache.on(event, (payload) => payloads.push(payload));
  return payloads;
}
