import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { boundedStableKey, stableKey, UnstableKeyError } from './stable-key.js';

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

describe('stableKey', () => {
  it.each([
    [
      ['a:b', 'c'],
      ['a', 'b:c'],
    ],
    [['a', 'b'], ['ab']],
    [['s1:a'], ['a']],
    [1, '1'],
    [1n, 1],
    [0, -0],
    [null, undefined],
    ['', undefined],
    [true, 'true'],
    [[], {}],
    [[undefined], []],
    [new Map([['a', 1]]), { a: 1 }],
    [new Set(['a']), ['a']],
    [new Date(0), 0],
    [new Date(0), new Date(0).toISOString()],
    [Buffer.from('a'), 'YQ=='],
    [new Uint8Array([1, 0]), new Uint16Array([1])],
    [/a/g, /a/i],
    [new URL('http://a/'), 'http://a/'],
    ['\ud800', '\ud801'],
    ['\ud800', '\ufffd'],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
  ])('tells %p from %p', (left, right) => {
    expect(stableKey(left)).not.toBe(stableKey(right));
  });

  it.each([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [new Set([1, 2]), new Set([2, 1])],
    [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    [new Date(5), new Date(5)],
    [Number.NaN, Number.NaN],
  ])('gives %p and %p the same text', (left, right) => {
    expect(stableKey(left)).toBe(stableKey(right));
  });

  it('is injective over anything JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), fc.jsonValue({ depthSize: 'small' }), (left, right) => {
        expect(stableKey(left) === stableKey(right)).toBe(isDeepStrictEqual(left, right));
      }),
    );
  });

  it('uses own properties only', () => {
    expect(stableKey(JSON.parse('{"__proto__":{"a":1}}'))).not.toBe(stableKey({ a: 1 }));
    expect(stableKey(JSON.parse('{"__proto__":{"a":1}}'))).not.toBe(stableKey({}));
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a value that contains itself', cycle],
    ['an instance of Money', new Money(5)],
  ])('refuses %s', (what, value) => {
    expect(() => stableKey([value])).toThrow(UnstableKeyError);
    expect(() => stableKey([value])).toThrow(what);
  });

  it('accepts one object in two places', () => {
    const shared = { a: 1 };
    expect(stableKey([shared, shared])).toBe(stableKey([{ a: 1 }, { a: 1 }]));
  });
});

describe('boundedStableKey', () => {
  it('hashes long text, so that keys stay short and different', () => {
    const left = boundedStableKey('a'.repeat(100_000));
    expect(left).toMatch(/^#[\w-]{43}$/);
    expect(boundedStableKey('b'.repeat(100_000))).not.toBe(left);
    expect(boundedStableKey('short')).toBe(stableKey('short'));
  });
});
