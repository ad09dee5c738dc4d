import { FakeClock } from '../../../../test/support/fake-clock.js';
import type { Session } from '../session.types.js';
import { TouchThrottle } from './touch-throttle.js';

const MINUTE_MS = 60_000;

describe('the throttle of touches', () => {
  const clock = new FakeClock(1_000_000);
  const seen = (agoMs: number, id = 'a'): Session => ({
    id,
    userId: null,
    data: {},
    version: 1,
    createdAtMs: 0,
    lastSeenAtMs: clock.wallMs() - agoMs,
    expiresAtMs: 0,
    absoluteExpiresAtMs: 0,
    idleTimeoutMs: null,
    client: null,
  });

  it('lets a session alone that was touched lately, by whomever', () => {
    expect(new TouchThrottle(MINUTE_MS, clock).isDue(seen(MINUTE_MS - 1))).toBe(false);
  });

  it('touches once an interval, though it is shown an old copy', async () => {
    const throttle = new TouchThrottle(MINUTE_MS, clock);
    const old = seen(2 * MINUTE_MS);
    expect([throttle.isDue(old), throttle.isDue(old), throttle.isDue(seen(2 * MINUTE_MS, 'b'))]).toEqual([
      true,
      false,
      true,
    ]);
    await clock.advance(MINUTE_MS);
    expect([throttle.isDue(old), throttle.isDue(old)]).toEqual([true, false]);
  });

  it('touches when the clocks of store and instance are far apart', () => {
    expect(new TouchThrottle(MINUTE_MS, clock).isDue(seen(-60 * MINUTE_MS))).toBe(true);
  });

  it('touches every time when the interval is 0', () => {
    const throttle = new TouchThrottle(0, clock);
    expect([throttle.isDue(seen(0)), throttle.isDue(seen(0))]).toEqual([true, true]);
  });
});
