import { SEED } from '../support/seeded-random.js';
import { ALL_FAULTS } from './faults.js';
import { runConsistency } from './run-consistency.js';

/** Long enough for every fault to come once. */
const ROUND_MS = 30_000;

describe(`reads in several processes on one Redis (TEST_SEED=${SEED})`, () => {
  it(
    'never return a value from before an acknowledged invalidation, under every fault',
    async () => {
      const report = await runConsistency({ subject: 'larder', seed: SEED, workers: 3, pauseMs: 1, roundMs: ROUND_MS });
      expect(report.traces).toEqual([]);
      expect(report.errors).toEqual({});
      expect(report.raced).toBeGreaterThan(1_000);
      expect(report.invalidations.applied).toBeGreaterThan(100);
      expect(report.stats['fills rejected']).toBeGreaterThan(0);
      expect(ALL_FAULTS).toEqual(expect.arrayContaining(Object.keys(report.faults)));
    },
    4 * ROUND_MS,
  );

  it('are found wanting where the cache is an ordinary one', async () => {
    const report = await runConsistency({ subject: 'naive', seed: SEED, workers: 2, roundMs: 5_000, faults: [] });
    expect(report.violations.length).toBeGreaterThan(0);
    expect(report.traces[0]).toContain('<== here');
  });
});
