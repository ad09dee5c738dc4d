import fc from 'fast-check';
import { apportionTokens, estimateTokens } from './token-estimate.js';

describe('token estimates', () => {
  it('are about a quarter of the characters and never zero', () => {
    expect(estimateTokens(['x'])).toBe(1);
    expect(estimateTokens(['four', 'more'])).toBe(2);
  });

  it('share a total out without losing or inventing a token', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.array(fc.integer({ min: 1, max: 8_192 }), { minLength: 1, maxLength: 100 }),
        (total, estimates) => {
          const shares = apportionTokens(total, estimates);
          return shares.every((share) => share >= 0) && shares.reduce((a, b) => a + b, 0) === total;
        },
      ),
    );
  });
});
