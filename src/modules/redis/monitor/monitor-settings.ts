import { type BreakerSettings, DEFAULT_BREAKER_SETTINGS } from './circuit-breaker.js';
import { type BudgetSettings, DEFAULT_BUDGET_SETTINGS } from './latency-budget.js';

/** Settings of the availability monitor. Every field has a default. */
export interface MonitorSettings {
  /** Interval between probes while Redis is not up, ms. Default 250. */
  probeIntervalMs: number;
  /** Interval between probes while Redis is up, ms. Default 15,000. */
  idleProbeMs: number;
  /** The probe writes `{prefix}:probe`, in a Cluster `{prefix:n}:probe`; use the namespace of the data in that Redis. Default `'larder'`. */
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
