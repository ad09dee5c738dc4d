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
  /** The first attempt to connect is over after this at the latest, ms. Default 1,000; a pool gives its connect timeout. */
  firstAttemptMs: number;
  breaker: BreakerSettings;
  budget: BudgetSettings;
}

export const DEFAULT_MONITOR_SETTINGS: MonitorSettings = {
  probeIntervalMs: 250,
  idleProbeMs: 15_000,
  probeKeyPrefix: 'larder',
  firstAttemptMs: 1_000,
  breaker: DEFAULT_BREAKER_SETTINGS,
  budget: DEFAULT_BUDGET_SETTINGS,
};
