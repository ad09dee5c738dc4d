import { FakeClock } from '../../../../test/support/fake-clock.js';
import { FailureThrottle } from './failure-throttle.js';

describe('FailureThrottle', () => {
  const clock = new FakeClock();
  const throttle = new FailureThrottle(clock);
  const fail = (address: string, times: number) => {
    for (let index = 0; index < times; index += 1) throttle.recordFailure(address);
  };

  it('lets an address try until its tenth failure in a minute, then says how long to wait', async () => {
    fail('a', 9);
    expect(throttle.retryAfterSeconds('a')).toBe(0);
    await clock.advance(30_000);
    fail('a', 1);
    expect(throttle.retryAfterSeconds('a')).toBe(30);
    expect(throttle.retryAfterSeconds('b')).toBe(0);
  });

  it('forgets once the minute is over', async () => {
    await clock.advance(30_000);
    expect(throttle.retryAfterSeconds('a')).toBe(0);
    fail('a', 1);
    expect(throttle.retryAfterSeconds('a')).toBe(0);
  });

  it('keeps the addresses that failed lately when a flood of others comes', () => {
    for (let index = 0; index < 9_999; index += 1) throttle.recordFailure(`flood-${index}`);
    fail('last', 10);
    for (let index = 0; index < 5_000; index += 1) throttle.recordFailure(`more-${index}`);
    expect(throttle.retryAfterSeconds('last')).toBe(60);
  });
});
