import { compareLogIds, isLogId, LOG_START, timeOf } from './log-id.js';
import { isSameHard, isVersion, newVersion } from './version.js';

describe('positions in the log', () => {
  it('are compared by time, then by number, and not as text', () => {
    const inOrder = [LOG_START, '9-9', '9-10', '10-0', '1700000000000-0', '1700000000000-1'];
    for (const [i, a] of inOrder.entries())
      for (const [j, b] of inOrder.entries()) expect(Math.sign(compareLogIds(a, b))).toBe(Math.sign(i - j));
  });

  it('tell when they were written', () => {
    expect(timeOf('1700000000000-5')).toBe(1_700_000_000_000);
  });

  it.each(['0-0', '1-2', '1700000000000-9999999999999999'])('%p is one', (text) => {
    expect(isLogId(text)).toBe(true);
  });

  it.each([
    '',
    '1',
    '1-',
    '-1',
    '1-2-3',
    ' 1-2',
    '1-2 ',
    'a-1',
    '1-b',
    '12345678901234567-0',
    '0-12345678901234567',
    5,
    null,
  ])('%p is none', (text) => {
    expect(isLogId(text)).toBe(false);
  });
});

describe('versions', () => {
  it('are never the same twice, and have the shape that is expected of them', () => {
    const versions = new Set(Array.from({ length: 1_000 }, newVersion));
    expect(versions.size).toBe(1_000);
    for (const version of versions) expect(isVersion(version)).toBe(true);
  });

  it.each(['', 'a'.repeat(23), 'a'.repeat(25), `${'a'.repeat(23)}=`, `${'a'.repeat(23)}\n`, 5, undefined])(
    '%p is none',
    (text) => {
      expect(isVersion(text)).toBe(false);
    },
  );

  it('differ by an expiry if only the second half differs', () => {
    const [a, b] = ['a', 'b'].map((letter) => letter.repeat(12)) as [string, string];
    expect(isSameHard(a + a, a + a)).toBe(true);
    expect(isSameHard(a + a, a + b)).toBe(true);
    expect(isSameHard(a + a, b + a)).toBe(false);
    expect(isSameHard(`${a.slice(1)}x${a}`, a + a)).toBe(false);
  });
});
