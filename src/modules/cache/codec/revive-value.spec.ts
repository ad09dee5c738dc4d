import { ESCAPE_KEY, JSON_LEVELS_PER_LEVEL, MAX_DEPTH } from './escaped.types.js';
import { reviveValue } from './revive-value.js';

const DATE = { [ESCAPE_KEY]: 'date', v: 0 };

describe('a value that was escaped', () => {
  it('is restored in arrays, objects, maps and sets, at any depth', () => {
    expect(reviveValue([[DATE, 1], { a: DATE }])).toEqual([[new Date(0), 1], { a: new Date(0) }]);
    expect(reviveValue({ [ESCAPE_KEY]: 'map', v: [[DATE, [DATE]]] })).toEqual(new Map([[new Date(0), [new Date(0)]]]));
    expect(reviveValue({ [ESCAPE_KEY]: 'set', v: [DATE] })).toEqual(new Set([new Date(0)]));
  });

  it.each<[string, unknown, string]>([
    ['an unknown type', { [ESCAPE_KEY]: 'process', v: 1 }, 'Unknown escape'],
    ['an unknown number', { [ESCAPE_KEY]: 'number', v: '12' }, 'Unknown number'],
    ['a list that is none', { [ESCAPE_KEY]: 'set', v: 'abc' }, 'Malformed escape'],
    ['a date that is none', { [ESCAPE_KEY]: 'date', v: '2026' }, 'Malformed date'],
  ])('is refused: %s', (_, parsed, message) => {
    expect(() => reviveValue(parsed)).toThrow(new TypeError(message));
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ['arrays', (inner) => [inner]],
    ['objects', (inner) => ({ a: inner })],
    ['sets', (inner) => ({ [ESCAPE_KEY]: 'set', v: [inner] })],
  ])('is refused if it is nested deeper than any value that was stored: %s', (_, wrap) => {
    let parsed: unknown = 1;
    for (let level = 0; level < (MAX_DEPTH + 2) * JSON_LEVELS_PER_LEVEL; level++) parsed = wrap(parsed);
    expect(() => reviveValue(parsed)).toThrow(new RangeError('Nested too deep'));
  });
});
