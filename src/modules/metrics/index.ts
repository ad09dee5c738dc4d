export { type CacheCounts, CacheTotals, hitRatio } from './cache-totals.js';
export { METRIC } from './metric-names.js';
export { MetricsModule } from './metrics.module.js';
