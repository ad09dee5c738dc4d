import type { CacheEventListener, CacheEventName, CacheEvents } from './events.js';

/**
 * Delivers the engine's events, synchronously and in order. Without a listener no payload is built: emitters ask
 * {@link has} first on hot paths. A listener that throws is ignored: no observer may break a read.
 */
export class EventBus {
  readonly #listeners = new Map<CacheEventName, Set<CacheEventListener<CacheEventName>>>();

  has(event: CacheEventName): boolean {
    return this.#listeners.has(event);
  }

  emit<E extends CacheEventName>(event: E, payload: CacheEvents[E]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        (listener as CacheEventListener<E>)(payload);
      } catch {
        // An observer's fault is its own.
      }
    }
  }

  on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): () => void {
    const added = listener as CacheEventListener<CacheEventName>;
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(added);
    this.#listeners.set(event, listeners);
    return () => {
      listeners.delete(added);
      if (listeners.size === 0 && this.#listeners.get(event) === listeners) this.#listeners.delete(event);
    };
  }
}
