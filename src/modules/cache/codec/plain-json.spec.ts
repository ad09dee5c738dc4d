import { ESCAPE_KEY, MAX_DEPTH } from './escaped.types.js';
import { roomAfter } from './plain-json.js';

describe('the room that plain JSON leaves', () => {
  it.each<[string, unknown, number]>([
    ['a string: its characters and the quotes', 'abc', 5],
    ['a number: one digit at least', 123.5, 1],
    ['a boolean', true, 4],
    ['null', null, 4],
    ['an array: its bracket, and a comma or bracket behind each item', [1, 'a', []], 1 + 2 + 4 + 2],
    [
      'an object: its braces, and quotes, colon and name of each field',
      { ab: 1, c: null },
      2 + (2 + 3 + 1) + (1 + 3 + 4),
    ],
    ['nested values', [{ a: [true] }], 1 + 1 + 2 + 4 + 1 + 1 + 4],
  ])('%s', (_, value, bytes) => {
    expect(roomAfter(value, 1_000)).toBe(1_000 - bytes);
    expect(bytes).toBeLessThanOrEqual(JSON.stringify(value).length);
  });

  it('is never overestimated', () => {
    const value = { items: [{ id: 7, name: 'n', isSold: false, note: null }], total: 1 };
    const length = JSON.stringify(value).length;
    expect(roomAfter(value, length)).toBeGreaterThanOrEqual(0);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['NaN', Number.NaN],
    ['an infinite number', Number.POSITIVE_INFINITY],
    ['minus zero', -0],
    ['an instance of a class', new Date(0)],
    ['an object without prototype', Object.create(null)],
    ['an object with toJSON', { toJSON: () => 1 }],
    ['an object with the key of an escape', { [ESCAPE_KEY]: 'date' }],
  ])('is unknown for %s, at any place', (_, value) => {
    expect(roomAfter(value, 1_000)).toBeNaN();
    expect(roomAfter([1, value], 1_000)).toBeNaN();
    expect(roomAfter({ a: { b: value } }, 1_000)).toBeNaN();
  });

  it('is unknown for values nested deeper than the limit', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(roomAfter(nested(MAX_DEPTH), 10_000)).toBeGreaterThan(0);
    expect(roomAfter(nested(MAX_DEPTH + 1), 10_000)).toBeNaN();
  });

  it('is below zero as soon as the value seems too large, and the rest is not looked at', () => {
    const untouched = {
      get field(): never {
        throw new Error('looked at');
      },
    };
    expect(roomAfter(['x'.repeat(100), untouched], 50)).toBeLessThan(0);
    expect(roomAfter({ a: 'x'.repeat(100), b: untouched }, 50)).toBeLessThan(0);
  });
});
