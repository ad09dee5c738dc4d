import { freshRandomBytes } from './random-bytes.js';

describe('freshRandomBytes', () => {
  it('gives bytes nobody had before, and leaves alone what it gave', () => {
    const given = Array.from({ length: 5_000 }, () => freshRandomBytes(16));
    const texts = given.map((bytes) => bytes.toString('hex'));
    expect(new Set(texts).size).toBe(5_000);
    freshRandomBytes(8_192);
    expect(given.map((bytes) => bytes.toString('hex'))).toEqual(texts);
  });

  it('gives as many as were asked for', () => {
    for (const size of [1, 16, 18, 8_192, 3]) expect(freshRandomBytes(size)).toHaveLength(size);
  });
});
