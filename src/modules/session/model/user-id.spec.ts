import { userIdText } from './user-id.js';

describe('the text of a user id', () => {
  it.each([
    ['ada', 'ada'],
    [' ', ' '],
    [42, '42'],
    [0, '0'],
    [-1, '-1'],
    [2n ** 70n, '1180591620717411303424'],
  ])('of %p is %p', (id, text) => {
    expect(userIdText(id)).toBe(text);
  });

  it.each(
    [
      ['', null, undefined, Number.NaN, 1.5, 2 ** 53, Infinity, true, {}, [], ['ada'], { toString: () => 'ada' }],
    ].flat(),
  )('is refused for %p', (id) => {
    expect(() => userIdText(id)).toThrow('A user id must be');
  });
});
