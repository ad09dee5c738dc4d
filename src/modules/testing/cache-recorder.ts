import type { Cache, CacheEventName, CacheEvents } from '../cache/library.js';

/** One event of a cache. */
export type RecordedEvent = { [E in CacheEventName]: { readonly name: E } & CacheEvents[E] }[CacheEventName];

const NAMES = ['hit', 'miss', 'load', 'fill', 'fillRejected', 'staleServed', 'coalesced', 'write'] as const;

/** Records what a cache does, in order, so that a test can ask about it. */
export class CacheRecorder {
  private recorded: RecordedEvent[] = [];
  private readonly unsubscribe: readonly (() => void)[];

  constructor(cache: Cache) {
    this.unsubscribe = NAMES.map((name) =>
      cache.on(name, (payload) => this.recorded.push({ name, ...payload } as RecordedEvent)),
    );
  }

  /** The events since the start, or since the last {@link clear}. */
  get events(): readonly RecordedEvent[] {
    return this.recorded;
  }

  /** Whether the last read of a key was answered by a tier. Undefined if the key was not read. */
  wasHit(key: string): boolean | undefined {
    const last = this.recorded.findLast(
      (event) => (event.name === 'hit' || event.name === 'miss') && event.key === key,
    );
    return last && last.name === 'hit';
  }

  /** How often the loader of a key was called; without a key, of all keys. */
  loads(key?: string): number {
    return this.recorded.filter((event) => event.name === 'load' && (key === undefined || event.key === key)).length;
  }

  /** Forgets the events. */
  clear(): void {
    this.recorded = [];
  }

  /** Records no more. */
  stop(): void {
    for (const stop of this.unsubscribe) stop();
  }
}
