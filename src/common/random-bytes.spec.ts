import { freshRandomBytes } from './random-bytes.js';

describe('freshRandomBytes', () => {
  it('gives new bytes at each call, and never changes bytes that it has given', () => {
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
