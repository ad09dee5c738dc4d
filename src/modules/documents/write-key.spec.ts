import { writeKeyOf } from './write-key.js';

describe('the Idempotency-Key of a write', () => {
  it('is the same in quotes and without them', () => {
    expect(writeKeyOf('"abc"', ['create'])).toEqual(writeKeyOf('abc', ['create']));
  });

  it('tells requests apart, and not the order of their members', () => {
    expect(writeKeyOf('k', [{ a: 1, b: 2 }])).toEqual(writeKeyOf('k', [{ b: 2, a: 1 }]));
    expect(writeKeyOf('k', [{ a: 1 }])).not.toEqual(writeKeyOf('k', [{ a: 2 }]));
  });

  it.each(['', ' ', '""', 'a, b', 'ü', 'x'.repeat(256)])('is refused when it is %p', (header) => {
    expect(() => writeKeyOf(header, [])).toThrow(expect.objectContaining({ status: 400 }));
  });
});
