import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { CACHE, type Cache, UnreadableResponses } from '../cache/nest.js';
import { REDIS_POOL, type RedisPool, UsageWatcher } from '../redis/index.js';
import { CacheTotals } from './cache-totals.js';

/** A registry of `prom-client`: the application's, or one that {@link CacheMetricsModule} makes. */
export interface MetricsRegistry {
  readonly contentType: string;
  /** Every metric in the Prometheus text format. */
  metrics(): Promise<string>;
}

/** Injects the {@link MetricsRegistry} that the metrics are in. */
export const METRICS_REGISTRY = Symbol.for('larder:metrics:registry');

/** Options of `CacheMetricsModule.forRoot()`. */
export interface CacheMetricsOptions {
  /** Registry of the application, of `prom-client` 15. Default: a new one. */
  readonly registry?: MetricsRegistry;
}

const OWN_METRICS = Symbol.for('larder:metrics:own');

interface Metrics {
  onApplicationShutdown(): void;
}

/**
 * Prometheus metrics of the cache and of its Redis; needs `prom-client`. It serves no route: give it the registry that the
 * application serves, or inject {@link METRICS_REGISTRY}.
 *
 * @example
 * imports: [CacheModule.forRoot({ redis: url }), CacheMetricsModule.forRoot({ registry: register })]
 */
@Module({ providers: [CacheTotals], exports: [CacheTotals] })
export class CacheMetricsModule implements OnApplicationShutdown {
  /** @internal */
  constructor(@Inject(OWN_METRICS) private readonly metrics: readonly Metrics[]) {}

  static forRoot({ registry }: CacheMetricsOptions = {}): DynamicModule {
    return {
      module: CacheMetricsModule,
      providers: [
        {
          provide: METRICS_REGISTRY,
          useFactory: async () => registry ?? new (await import('prom-client')).Registry(),
        },
        {
          provide: OWN_METRICS,
          useFactory: makeMetrics,
          inject: [
            METRICS_REGISTRY,
            CacheTotals,
            CACHE,
            UnreadableResponses,
            { token: REDIS_POOL, optional: true },
            { token: UsageWatcher, optional: true },
          ],
        },
      ],
      exports: [METRICS_REGISTRY],
    };
  }

  onApplicationShutdown(): void {
    for (const metrics of this.metrics) metrics.onApplicationShutdown();
  }
}

/** `prom-client` is imported here, so that applications without metrics need not install it. */
async function makeMetrics(
  registry: MetricsRegistry,
  totals: CacheTotals,
  cache: Cache,
  responses: UnreadableResponses,
  pool: RedisPool | null | undefined,
  watcher: UsageWatcher | undefined,
): Promise<readonly Metrics[]> {
  const [{ CacheMetrics }, { RedisMetrics }] = await Promise.all([
    import('./cache.metrics.js'),
    import('./redis.metrics.js'),
  ]);
  const target = registry as Registry;
  const metrics = new CacheMetrics(target, totals, cache, responses);
  return pool && watcher ? [metrics, new RedisMetrics(target, pool, watcher)] : [metrics];
}
