import { retryDelayMs } from './retry-delay.js';

describe('retryDelayMs', () => {
  const delays = { baseMs: 50, capMs: 1_000 };

  it('doubles its ceiling up to the cap', () => {
    expect([1, 2, 3, 5, 6, 1_000].map((attempt) => retryDelayMs(attempt, delays, () => 0.999_999))).toEqual([
      50, 100, 200, 800, 1_000, 1_000,
    ]);
  });

  it('spreads over the whole range, and never is zero', () => {
    expect(retryDelayMs(4, delays, () => 0)).toBe(1);
    expect(retryDelayMs(4, delays, () => 0.5)).toBe(201);
  });
});
