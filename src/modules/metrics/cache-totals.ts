import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CACHE, type Cache } from '../cache/nest.js';

/** Hits and misses of one cache (a namespace) since this instance started. */
export interface CacheCounts {
  memoryHits: number;
  redisHits: number;
  staleHits: number;
  misses: number;
}

/**
 * Counts hits and misses by cache. Every read passes here, so it only increments a number. Metrics and the dashboard read
 * the totals on request.
 */
@Injectable()
export class CacheTotals implements OnApplicationShutdown {
  private readonly counts = new Map<string, CacheCounts>();
  private readonly unsubscribe: readonly (() => void)[];

  /** @internal */
  constructor(@Inject(CACHE) cache: Cache) {
    this.unsubscribe = [
      cache.on('hit', ({ cache: name, tier }) => {
        if (tier === 'memory') this.of(name).memoryHits += 1;
        else this.of(name).redisHits += 1;
      }),
      cache.on('miss', ({ cache: name }) => {
        this.of(name).misses += 1;
      }),
      cache.on('staleServed', ({ cache: name }) => {
        this.of(name).staleHits += 1;
      }),
    ];
  }

  /** Totals by the name of the cache. */
  byCache(): ReadonlyMap<string, Readonly<CacheCounts>> {
    return this.counts;
  }

  onApplicationShutdown(): void {
    for (const stop of this.unsubscribe) stop();
  }

  private of(name: string): CacheCounts {
    const known = this.counts.get(name);
    if (known) return known;
    const counts = { memoryHits: 0, redisHits: 0, staleHits: 0, misses: 0 };
    this.counts.set(name, counts);
    return counts;
  }
}

/** Share of reads answered from a tier; 0 before the first read. */
export function hitRatio({ memoryHits, redisHits, misses }: Readonly<CacheCounts>): number {
  const hits = memoryHits + redisHits;
  return hits === 0 ? 0 : hits / (hits + misses);
}
