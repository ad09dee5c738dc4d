import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CACHE, type Cache, type CacheEventListener, type CacheEventName, UnreadableResponses } from '../cache/nest.js';
import { CacheTotals, hitRatio } from './cache-totals.js';
import { METRIC } from './metric-names.js';

const LOAD_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics of the cache. Totals are read at each scrape; rare events are counted when they happen. */
@Injectable()
export class CacheMetrics implements OnApplicationShutdown {
  private readonly unsubscribe: (() => void)[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly cacheTotals: CacheTotals,
    @Inject(CACHE) private readonly cache: Cache,
    private readonly unreadableResponses: UnreadableResponses,
  ) {
    this.exportTally();
    this.exportState();
    this.countEvents();
  }

  onApplicationShutdown(): void {
    for (const stop of this.unsubscribe) stop();
  }

  private exportTally(): void {
    const { registry, cacheTotals } = this;
    const registers = [registry];
    new Counter({
      name: METRIC.cacheHits,
      help: 'Reads answered from a tier.',
      labelNames: ['cache', 'tier'],
      registers,
      collect() {
        this.reset();
        for (const [cache, { memoryHits, redisHits }] of cacheTotals.byCache()) {
          this.inc({ cache, tier: 'memory' }, memoryHits);
          this.inc({ cache, tier: 'redis' }, redisHits);
        }
      },
    });
    new Counter({
      name: METRIC.cacheMisses,
      help: 'Reads that no tier could answer.',
      labelNames: ['cache'],
      registers,
      collect() {
        this.reset();
        for (const [cache, { misses }] of cacheTotals.byCache()) this.inc({ cache }, misses);
      },
    });
    new Gauge({
      name: METRIC.cacheHitRatio,
      help: 'Share of reads answered from a tier since the instance started.',
      labelNames: ['cache'],
      registers,
      collect() {
        for (const [cache, counts] of cacheTotals.byCache()) this.set({ cache }, hitRatio(counts));
      },
    });
  }

  private exportState(): void {
    const { cache } = this;
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    gauge(METRIC.cacheMemoryBytes, 'Bytes in the memory tier.', () => cache.stats().memory.usedBytes);
    gauge(METRIC.cacheMemoryMaxBytes, 'Size of the memory tier.', () => cache.stats().memory.maxBytes);
    gauge(METRIC.cacheMemoryEntries, 'Entries in the memory tier.', () => cache.stats().memory.entries);
    gauge(METRIC.cacheLoadsInFlight, 'Loaders running now.', () => cache.stats().loadsInFlight);
    gauge(METRIC.cacheIsCoherent, '1 while every invalidation is known to have been heard.', () =>
      Number(cache.stats().isCoherent),
    );
    gauge(METRIC.outboxItems, 'Invalidations waiting for Redis.', () => cache.stats().queuedInvalidations);
  }

  private countEvents(): void {
    const loads = new Histogram({
      name: METRIC.cacheLoadSeconds,
      help: 'Duration of loads.',
      labelNames: ['cache', 'outcome'],
      buckets: LOAD_BUCKETS_SECONDS,
      registers: [this.registry],
    });
    this.listen('load', ({ cache, outcome, durationMs }) => loads.observe({ cache, outcome }, durationMs / 1_000));

    const fills = this.counter(METRIC.cacheFills, 'Values stored.', 'cache', 'tier');
    this.listen('fill', ({ cache, tier }) => fills.inc({ cache, tier }));

    const rejected = this.counter(
      METRIC.cacheFillsRejected,
      'Loads whose value was returned but not stored.',
      'cache',
      'reason',
    );
    this.listen('fillRejected', ({ cache, reason }) => rejected.inc({ cache, reason }));

    const stale = this.counter(METRIC.cacheStaleServed, 'Stale values served within their grace.', 'cache', 'reason');
    this.listen('staleServed', ({ cache, reason }) => stale.inc({ cache, reason }));

    const coalesced = this.counter(METRIC.cacheCoalesced, 'Reads that shared a load.', 'cache', 'origin');
    this.listen('coalesced', ({ cache, origin }) => coalesced.inc({ cache, origin }));

    const writes = this.counter(
      METRIC.cacheWrites,
      'Writes and invalidations requested on this instance.',
      'cache',
      'operation',
      'status',
    );
    const sent = this.counter(
      METRIC.invalidationsSent,
      'Keys, tags and namespaces invalidated by this instance.',
      'cache',
      'operation',
      'status',
    );
    this.listen('write', ({ cache, operation, status, count }) => {
      writes.inc({ cache, operation, status });
      if (operation !== 'set') sent.inc({ cache, operation, status }, count);
    });

    const received = this.counter(
      METRIC.invalidationsReceived,
      'Invalidations received from other instances.',
      'cache',
      'kind',
    );
    this.listen('invalidationReceived', ({ cache, kind, count }) => received.inc({ cache, kind }, count));

    const replayed = this.counter(
      METRIC.invalidationsReplayed,
      'Invalidations read from the log because their announcement was missed.',
      'cache',
    );
    this.listen('invalidationReplayed', ({ cache, count }) => replayed.inc({ cache }, count));

    const flushes = this.counter(METRIC.cacheMemoryFlushes, 'Times the memory tier was emptied.', 'cache', 'reason');
    this.listen('memoryFlushed', ({ cache, reason }) => flushes.inc({ cache, reason }));

    const evictions = this.counter(METRIC.cacheEvictions, 'Entries evicted from the memory tier.', 'cache');
    this.listen('eviction', ({ cache, count }) => evictions.inc({ cache }, count));

    const unreadable = this.counter(
      METRIC.cacheUnreadable,
      'Values in Redis that are not entries; treated as misses.',
      'cache',
    );
    this.listen('unreadable', ({ cache }) => unreadable.inc({ cache }));
    this.unsubscribe.push(
      this.unreadableResponses.onFound((cache) => unreadable.inc({ cache: this.cacheTotals.labelOf(cache) })),
    );

    const overflows = this.counter(
      METRIC.outboxOverflows,
      'Times the outbox was full and became a clear of the cache.',
      'cache',
    );
    this.listen('outbox', ({ cache, event }) => {
      if (event === 'overflowed') overflows.inc({ cache });
    });
  }

  private counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private listen<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): void {
    const { cacheTotals } = this;
    this.unsubscribe.push(
      this.cache.on(event, (payload) => {
        const label = cacheTotals.labelOf(payload.cache);
        listener(label === payload.cache ? payload : { ...payload, cache: label });
      }),
    );
  }
}
