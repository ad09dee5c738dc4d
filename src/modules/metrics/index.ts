export { type CacheCounts, CacheTally, hitRatio } from './cache-tally.js';
export { METRIC } from './metric-names.js';
export { MetricsModule } from './metrics.module.js';
