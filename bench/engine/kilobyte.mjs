/** A JSON object of about 1 KB. */
export const kilobyte = {
  id: 42,
  name: 'a cup',
  tags: ['kitchen', 'cup'],
  description: 'x'.repeat(700),
  prices: Array.from({ length: 20 }, (_, i) => ({ c: `c${i}` })),
};
