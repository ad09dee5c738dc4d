import { toUnitLength, truncate } from './unit-vector.js';

describe('unit vectors', () => {
  it('have length 1 and the same direction', () => {
    expect([...toUnitLength(Float32Array.of(3, 4))]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it('leaves a vector of zeros alone', () => {
    expect([...toUnitLength(new Float32Array(3))]).toEqual([0, 0, 0]);
  });

  it('cuts from the end and scales to length 1 again', () => {
    expect([...truncate(Float32Array.of(3, 4, 12), 2)]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it('gives the very same vector for its own width', () => {
    const vector = Float32Array.of(1, 2);
    expect(truncate(vector, 2)).toBe(vector);
  });
});
