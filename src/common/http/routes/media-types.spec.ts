import { acceptsJson, isJsonType } from './media-types.js';

describe('Accept', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/json', true],
    ['application/*;q=0.1', true],
    ['text/html, application/xhtml+xml, */*;q=0.8', true],
    ['APPLICATION/JSON; charset=utf-8', true],
    ['text/html', false],
    ['text/*, application/xml', false],
    ['application/json;q=0', false],
    ['application/json;q=0, */*', false],
    ['*/*;q=0', false],
    ['nonsense', false],
  ])('%s', (accept, expected) => {
    expect(acceptsJson(accept)).toBe(expected);
  });
});

describe('Content-Type', () => {
  it.each([
    [undefined, false],
    ['application/json', true],
    ['Application/JSON; charset=UTF-8', true],
    ['application/json; charset="utf-8"', true],
    ['application/json; charset=latin1', false],
    ['application/jsonp', false],
    ['text/plain', false],
    ['application/x-www-form-urlencoded', false],
  ])('%s', (type, expected) => {
    expect(isJsonType(type)).toBe(expected);
  });
});
