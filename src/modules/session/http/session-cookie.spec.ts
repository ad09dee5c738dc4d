import { sessionConfig } from '../session.config.js';
import { SessionCookie } from './session-cookie.js';

describe('reading the session cookie', () => {
  const cookie = new SessionCookie(sessionConfig.parse({}));

  it.each([
    ['__Host-sid=abc', 'abc'],
    ['a=1; __Host-sid=abc; b=2', 'abc'],
    ['a=1;__Host-sid=abc', 'abc'],
    ['a=1;\t __Host-sid\t=\t abc \t;b=2', 'abc'],
    ['__Host-sid=first; __Host-sid=second', undefined],
    ['__Host-sid=same;__Host-sid=same', undefined],
    ['\u00a0__Host-sid=abc', undefined],
    ['a=1; \u00a0__Host-sid=abc; __Host-sid=own', 'own'],
    ['\u000b__Host-sid=abc', undefined],
    ['\ufeff__Host-sid=abc', undefined],
    ['__Host-sid\u00a0=abc', undefined],
    ['__Host-sid=\u00a0abc', '\u00a0abc'],
    ['__Host-sid=', ''],
    ['x__Host-sid=abc', undefined],
    ['sid=abc', undefined],
    ['__Host-sid', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j gives %j', (header, token) => {
    expect(cookie.read(header)).toBe(token);
  });
});

describe('the configuration of sessions', () => {
  it.each([
    [{ SESSION_API_KEYS: 'a plain key' }, 'SHA-256'],
    [{ SESSION_ON_OUTAGE: 'open' }, 'SESSION_ON_OUTAGE'],
    [{ SESSION_IDLE_TIMEOUT: '0s' }, 'at least 1s'],
    [{ SESSION_REDIS_URL: 'http://x' }, 'redis://'],
  ])('refuses %j and never repeats a secret', (env, text) => {
    expect(() => sessionConfig.parse(env)).toThrow(text);
    expect(() => sessionConfig.parse(env)).not.toThrow('a plain key');
  });
});
