import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CACHE, type Cache } from '../cache/nest.js';

/** Caches that have figures of their own. An application may make a namespace for each user: the rest share the name `other`. */
const MAX_CACHES = 100;
const OTHER = 'other';

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
  private readonly labels = new Set<string>();
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

  /** The name under which a cache is counted: its own for the first 100 caches that are used, `other` for the rest. */
  labelOf(name: string): string {
    if (this.labels.has(name)) return name;
    if (this.labels.size >= MAX_CACHES) return OTHER;
    this.labels.add(name);
    return name;
  }

  /** Totals by the name of the cache; see {@link labelOf}. */
  byCache(): ReadonlyMap<string, Readonly<CacheCounts>> {
    return this.counts;
  }

  onApplicationShutdown(): void {
    for (const stop of this.unsubscribe) stop();
  }

  private of(name: string): CacheCounts {
    const known = this.counts.get(name);
    if (known) return known;
    const label = this.labelOf(name);
    const counts = this.counts.get(label) ?? { memoryHits: 0, redisHits: 0, staleHits: 0, misses: 0 };
    this.counts.set(label, counts);
    return counts;
  }
}

/** Share of reads answered from a tier; 0 before the first read. */
export function hitRatio({ memoryHits, redisHits, misses }: Readonly<CacheCounts>): number {
  const hits = memoryHits + redisHits;
  return hits === 0 ? 0 : hits / (hits + misses);
}
