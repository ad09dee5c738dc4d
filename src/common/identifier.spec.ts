import { identifierText } from './identifier.js';

describe('the text of an id', () => {
  it.each([
    ['ann', 'ann'],
    [' ', ' '],
    [7, '7'],
    [0, '0'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [2n ** 64n, '18446744073709551616'],
  ])('of %p is %p', (value, text) => {
    expect(identifierText(value)).toBe(text);
  });

  it.each([
    ['an empty text', ''],
    ['NaN', Number.NaN],
    ['a fraction', 1.5],
    ['a number above 2^53', 2 ** 53],
    ['infinity', Number.POSITIVE_INFINITY],
    ['an array', ['ann']],
    ['an object with a text', { toString: () => 'ann', toHexString: () => 'ann' }],
    ['a String object', Object('ann')],
    ['a boolean', true],
    ['a symbol', Symbol('ann')],
    ['null', null],
    ['undefined', undefined],
  ])('does not exist for %s', (_kind, value) => {
    expect(identifierText(value)).toBeUndefined();
  });
});
