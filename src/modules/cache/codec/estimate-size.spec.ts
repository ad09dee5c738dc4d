import { estimateSize } from './estimate-size.js';

describe('the estimated size of a value', () => {
  it.each<[string, unknown, number]>([
    ['a Buffer', Buffer.alloc(100_000), 100_000],
    ['a typed array', new Float64Array(12_500), 100_000],
    ['an ArrayBuffer', new ArrayBuffer(100_000), 100_000],
    ['ASCII text', 'x'.repeat(100_000), 100_000],
    ['other text', 'ж'.repeat(50_000), 100_000],
    ['a bigint', 2n ** 800_000n, 100_000],
    ['an array of numbers', Array.from({ length: 12_500 }, () => 1), 200_000],
    ['a map of text', new Map([['x'.repeat(40_000), 'x'.repeat(60_000)]]), 100_000],
    ['a set of text', new Set(['x'.repeat(100_000)]), 100_000],
    ['nested objects', { a: { b: [{ c: 'x'.repeat(100_000) }] } }, 100_000],
  ])('is dominated by the content of %s', (_, value, expected) => {
    expect(Math.abs(estimateSize(value) / expected - 1)).toBeLessThan(0.01);
  });

  it('counts an object once that is referred to twice, and ends on cycles', () => {
    const shared = { text: 'x'.repeat(100_000) };
    const value: Record<string, unknown> = { a: shared, b: [shared, shared] };
    value.self = value;
    expect(estimateSize(value)).toBeLessThan(101_000);
  });

  it('is never nothing, so that entries can not be kept for free', () => {
    for (const value of [null, undefined, 0, '', false, {}, []]) expect(estimateSize(value)).toBeGreaterThan(0);
  });
});
