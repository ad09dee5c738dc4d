import { FakeClock } from '../../../../../../test/support/fake-clock.js';
import { DayQuota, msUntilMidnight } from './day-quota.js';

describe('the quota of a day', () => {
  it('knows when it is midnight in California, in summer and in winter', () => {
    expect(msUntilMidnight('America/Los_Angeles', Date.UTC(2026, 6, 1, 6, 59, 59))).toBe(1_000);
    expect(msUntilMidnight('America/Los_Angeles', Date.UTC(2026, 0, 1, 7, 59, 59, 250))).toBe(750);
    expect(msUntilMidnight('UTC', Date.UTC(2026, 0, 1))).toBe(86_400_000);
  });

  it('asks for nothing in vain until the quota is renewed, other models apart', () => {
    const clock = FakeClock.skippingWaits();
    const quota = new DayQuota('America/Los_Angeles', clock);
    quota.assertAvailable('a');
    expect(quota.markExhausted('a')).toMatchObject({ kind: 'quota-exhausted', retryAfterMs: 20 * 3_600_000 });
    expect(() => quota.assertAvailable('a')).toThrow(/daily quota for a/);
    quota.assertAvailable('b');
    clock.jump(20 * 3_600_000);
    quota.assertAvailable('a');
  });
});
