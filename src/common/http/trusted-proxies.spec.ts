import { trustedProxiesText } from './trusted-proxies.js';

const parse = (text: string) => trustedProxiesText().safeParse(text);
const trusts = (text: string, address: string, hop = 0) => {
  const proxies = trustedProxiesText().parse(text);
  return proxies !== false && proxies(address, hop);
};

describe('trusted proxies', () => {
  it.each(['', '0', 'false', 'off', ' no '])('%j is none', (text) => {
    expect(parse(text)).toEqual({ success: true, data: false });
  });

  it('counts proxies from the connection on', () => {
    expect([0, 1, 2].map((hop) => trusts('2', '203.0.113.9', hop))).toEqual([true, true, false]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.7', '::ffff:192.0.2.7', true],
    ['10.0.0.0/8, 2001:db8::/32', '10.9.9.9', true],
    ['10.0.0.0/8, 2001:db8::/32', '2001:db8::1', true],
    ['loopback', '127.0.0.1', true],
    ['loopback', '::1', true],
    ['loopback', '10.0.0.1', false],
    ['uniquelocal', '192.168.1.1', true],
    ['loopback', 'unknown', false],
  ])('of %j trusts %s: %s', (text, address, expected) => {
    expect(trusts(text, address)).toBe(expected);
  });

  it.each([
    'true',
    'yes',
    '*',
    'all',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '99',
    '-1',
    '1.5',
    'proxy',
  ])('refuses %j', (text) => {
    expect(parse(text).success).toBe(false);
  });
});
