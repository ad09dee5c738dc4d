import { withoutCredentials } from './without-credentials.js';

describe('the mask of credentials in a text', () => {
  it.each([
    ['redis://user:pw@cache:6379/0', 'redis://***@cache:6379/0'],
    ['redis://:p@ss@cache:6379', 'redis://***@cache:6379'],
    ['redis://u:p@s/s@cache', 'redis://***@cache'],
    ['redis://u:p/ss@cache', 'redis://***@cache'],
    ['redis://u:12/3@cache', 'redis://***@cache'],
    ['postgres://u:p?a#b@c@host/name?sslmode=require', 'postgres://***@host/name?sslmode=require'],
    ['redis://a:b@one,redis://c:d@two', 'redis://***@two'],
    ['https://user:pa@ss@host/path', 'https://***@host/path'],
    ['https://user:p/ss@host/path', 'https://***@host/path'],
    ['at "redis://u:p@h" and <redis://u:p@i>', 'at "redis://***@h" and <redis://***@i>'],
    ['REDISS://U:P@H', 'REDISS://***@H'],
    ['to redis://h:1/0 from user@example.com', 'to redis://h:1/0 from user@example.com'],
    ['https://host:3000/@scope/package', 'https://host:3000/@scope/package'],
    ['http://[::1]:3000/@scope', 'http://[::1]:3000/@scope'],
    ['file:///srv/node_modules/@nestjs/core/index.js:1:2', 'file:///srv/node_modules/@nestjs/core/index.js:1:2'],
    ['no address, a@b', 'no address, a@b'],
    ['://', '://'],
  ])('of %j is %j', (text, masked) => {
    expect(withoutCredentials(text)).toBe(masked);
  });

  it.each(['a.', 'a', '://', 'a://', 'http://a:', 'redis://@', 'a@', 'http://x:y/', '://@ ', ':/'])(
    'looks at a long text of %j about once',
    (piece) => {
      const text = piece.repeat(2_000_000 / piece.length);
      // Two million characters: a look at each for each of the others would not end within the time of a test.
      expect(withoutCredentials(text).length).toBeGreaterThan(0);
    },
  );
});
