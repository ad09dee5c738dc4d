import { parseAddress, parseRedisUrl, resolveEndpoint } from './redis-endpoint.js';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379 }],
    ['redis://10.0.0.1:7000/2', { host: '10.0.0.1', port: 7000, db: 2 }],
    ['redis://:p%40ss@h', { host: 'h', port: 6379, password: 'p@ss' }],
    ['redis://app:s%2Fecret@h/0', { host: 'h', port: 6379, username: 'app', password: 's/ecret', db: 0 }],
    ['redis://h?db=3&family=0', { host: 'h', port: 6379, db: 3 }],
    ['redis://h/3?db=3', { host: 'h', port: 6379, db: 3 }],
    ['redis://[::1]:6380', { host: '::1', port: 6380 }],
    ['rediss://eu1.upstash.io:6379', { host: 'eu1.upstash.io', port: 6379, tls: {} }],
  ])('%s', (url, options) => {
    expect(parseRedisUrl(url)).toEqual(options);
  });

  it.each([
    '',
    'localhost:6379',
    'http://h',
    'redis://',
    'redis://:secret@h/db',
    'redis:///0',
    'redis://h/1?db=2',
    'redis://h?db=x',
  ])('refuses %j without repeating it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/^Not a Redis URL: (?!.*secret)/);
  });
});

describe('resolveEndpoint', () => {
  it('tells the topologies apart', () => {
    expect(resolveEndpoint({ host: 'h' })).toEqual({ topology: 'standalone', options: { host: 'h' } });
    const sentinel = { sentinels: [{ host: 's', port: 1 }], name: 'main' };
    expect(resolveEndpoint(sentinel)).toEqual({ topology: 'sentinel', options: sentinel });
    const nodes = [{ host: 'n', port: 1 }];
    expect(resolveEndpoint({ cluster: nodes, options: { password: 'p' } })).toEqual({
      topology: 'cluster',
      nodes,
      options: { password: 'p' },
    });
  });

  it.each([
    [{ keyPrefix: 'x:' }, 'keyPrefix'],
    [{ cluster: [{ host: 'n', port: 1 }], options: { keyPrefix: 'x:' } }, 'keyPrefix'],
    [{ cluster: [] }, 'at least one node'],
    [{ cluster: [{ host: 'n', port: 1 }], options: { db: 3 } }, 'no database 3'],
    [{ sentinels: [{ host: 's', port: 1 }] }, "master's name"],
    [{ sentinels: [], name: 'main' }, 'at least one sentinel'],
  ])('refuses %j', (source, message) => {
    expect(() => resolveEndpoint(source)).toThrow(message);
  });
});

describe('parseAddress', () => {
  it.each([
    ['h', { host: 'h', port: 26379 }],
    ['h:1', { host: 'h', port: 1 }],
    ['[::1]:2', { host: '::1', port: 2 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text, 26379)).toEqual(address);
  });

  it.each(['', ':1', 'h:port', 'h/1', 'u@h', 'redis://h:1'])('refuses %j', (text) => {
    expect(() => parseAddress(text, 1)).toThrow('Not an address');
  });
});
