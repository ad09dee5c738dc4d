import { wholeCharacters } from './document-embedder.js';

describe('the part of a text that a vector is made of', () => {
  it.each([
    ['a short text', 'abc', 5, 'abc'],
    ['a long text', 'abcdef', 5, 'abcde'],
    ['an emoji across the limit', 'abcd😀f', 5, 'abcd'],
    ['an emoji before the limit', 'abc😀f', 5, 'abc😀'],
  ])('never ends within a character: %s', (_name, text, most, expected) => {
    expect(wholeCharacters(text, most)).toBe(expected);
    expect(wholeCharacters(text, most).isWellFormed()).toBe(true);
  });
});
