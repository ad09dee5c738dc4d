/** The part of this module that any Nest application can use. */
export {
  CacheMetricsModule,
  type CacheMetricsOptions,
  METRICS_REGISTRY,
  type MetricsRegistry,
} from './cache-metrics.module.js';
export { type CacheCounts, CacheTotals, hitRatio } from './cache-totals.js';
export { METRIC } from './metric-names.js';
