import type { EventBus } from '../contract/event-bus.js';
import type { CacheEvents } from '../contract/events.js';
import type { Tier } from '../contract/tier.js';
import type { Counters } from './counters.js';

/** Counts the reads of one namespace and emits their events. */
export class ReadStats {
  constructor(
    /** Full name of the namespace. */
    private readonly cache: string,
    private readonly counters: Counters,
    private readonly events: EventBus,
  ) {}

  hit(key: string, tier: Tier): void {
    if (tier === 'memory') this.counters.memoryHits++;
    else this.counters.redisHits++;
    if (this.events.has('hit')) this.events.emit('hit', { cache: this.cache, key, tier });
  }

  miss(key: string): void {
    this.counters.misses++;
    if (this.events.has('miss')) this.events.emit('miss', { cache: this.cache, key });
  }

  stale(key: string, reason: CacheEvents['staleServed']['reason']): void {
    this.counters.staleHits++;
    this.events.emit('staleServed', { cache: this.cache, key, reason });
  }

  /** A caller joined a load on this instance (`local`) or waits for one of another instance (`remote`). */
  coalesced(key: string, origin: CacheEvents['coalesced']['origin']): void {
    if (this.events.has('coalesced')) this.events.emit('coalesced', { cache: this.cache, key, origin });
  }
}
