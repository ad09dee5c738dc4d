import { FakeClock } from '../../../../test/support/fake-clock.js';
import { WrongSecretThrottle, networkOf } from './wrong-secret-throttle.js';

describe('WrongSecretThrottle', () => {
  const clock = new FakeClock();
  const throttle = new WrongSecretThrottle(clock);
  const fail = (address: string, times: number) => {
    let waitSeconds = 0;
    for (let index = 0; index < times; index += 1) waitSeconds = throttle.countFailure(address);
    return waitSeconds;
  };

  it('lets an address fail ten times in a minute, then says how long to wait', async () => {
    expect(fail('a', 9)).toBe(0);
    await clock.advance(30_000);
    expect(fail('a', 1)).toBe(0);
    expect(fail('a', 1)).toBe(30);
    expect(fail('b', 1)).toBe(0);
  });

  it('forgets once the minute is over', async () => {
    await clock.advance(30_000);
    expect(fail('a', 10)).toBe(0);
  });

  it('keeps the addresses that failed lately when a flood of others comes', () => {
    for (let index = 0; index < 9_999; index += 1) fail(`flood-${index}`, 1);
    fail('last', 10);
    for (let index = 0; index < 5_000; index += 1) fail(`more-${index}`, 1);
    expect(fail('last', 1)).toBe(60);
  });

  it('counts the addresses of one IPv6 network together', () => {
    for (let index = 0; index < 10; index += 1) expect(fail(`2001:db8:1:2::${index}`, 1)).toBe(0);
    expect(fail('2001:db8:1:2:ffff::1', 1)).toBe(60);
    expect(fail('2001:db8:1:3::1', 1)).toBe(0);
  });
});

describe('the network of an address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
