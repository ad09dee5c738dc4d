import { SEED } from '../../support/seeded-random.js';
import { runRowHistory } from './row-history.js';

describe(`cached queries of several processes on one PostgreSQL (TEST_SEED=${SEED})`, () => {
  it('never give rows older than an acknowledged write, or rows that were rolled back, whatever connection breaks', async () => {
    const report = await runRowHistory({ subject: 'larder', seed: SEED, workers: 3, forMs: 12_000, isBroken: true });
    expect(report.violations).toEqual([]);
    expect(report.uncommitted).toBe(0);
    for (const rows of report.final.workers) expect(rows).toEqual(report.final.database);
    // Else nothing was on trial.
    expect(report.hits).toBeGreaterThan(500);
    expect(report.writes).toBeGreaterThan(200);
    expect(report.rolledBack).toBeGreaterThan(20);
    expect(report.raced).toBeGreaterThan(500);
    const failures = Object.keys(report.errors);
    expect(failures).not.toEqual([]);
    expect(failures.filter((message) => !/terminat|connection|canceling|ECONNRESET|EPIPE/i.test(message))).toEqual([]);
  });

  it('are found wanting where they are cached as Drizzle’s own Cache class allows', async () => {
    const report = await runRowHistory({ subject: 'unfenced', seed: SEED, workers: 2, forMs: 4_000, isBroken: false });
    expect(report.violations.length).toBeGreaterThan(0);
  });
});
