import { type BreakerSettings, DEFAULT_BREAKER_SETTINGS } from './circuit-breaker.js';
import { type BudgetSettings, DEFAULT_BUDGET_SETTINGS } from './latency-budget.js';

/** How Redis is judged. Every field has a default. */
export interface MonitorSettings {
  /** While Redis is not up it is probed this often, ms. Default 250. */
  probeIntervalMs: number;
  /** While it is up and nothing was written for this long, it is probed too, ms. Default 15,000. */
  idleProbeMs: number;
  /** The probe writes `{prefix}:probe`, in a Cluster `{prefix:n}:probe`; give the namespace of what is kept there. Default `'larder'`. */
  probeKeyPrefix: string;
  breaker: BreakerSettings;
  budget: BudgetSettings;
}

export const DEFAULT_MONITOR_SETTINGS: MonitorSettings = {
  probeIntervalMs: 250,
  idleProbeMs: 15_000,
  probeKeyPrefix: 'larder',
  breaker: DEFAULT_BREAKER_SETTINGS,
  budget: DEFAULT_BUDGET_SETTINGS,
};
