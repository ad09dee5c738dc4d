import type { AvailabilityReason } from '../../../src/modules/redis/library.js';
import type { FaultReport, FaultTable } from './fault-report.js';
import type { FaultRun } from './fault-run.js';

/** Properties of a fault. */
export interface Expected {
  /** Among the reasons for which Redis is judged to be less than well. */
  reason?: AvailabilityReason;
  /** Reads go on for this long afterwards, ms: past 10,000 the oldest stale reads are looked for. */
  watchMs?: number;
}

/**
 * Runs the load through a fault, reports it, and asserts the rules for every fault: no request fails, no value is served
 * that must not be, no set that was given up is found, and Redis is in use again. The report says how soon. How often the
 * monitor tries is asserted on a fake clock, in its own spec.
 */
export async function expectToSurvive(
  run: FaultRun,
  table: FaultTable,
  fault: string,
  strike: () => Promise<void>,
  { reason, watchMs }: Expected = {},
): Promise<FaultReport> {
  const report = await run.through(strike, watchMs === undefined ? {} : { watchMs });
  table.add(fault, report);
  expect(report).toMatchObject({ failures: 0, broken: [], ghosts: 0 });
  if (watchMs !== undefined && watchMs > 10_000) expect(report.stale['10 s']).toBe(0);
  if (reason !== undefined) expect(report.reasons).toContain(reason);
  return report;
}
