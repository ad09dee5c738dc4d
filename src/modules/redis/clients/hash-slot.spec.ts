import { hashSlotOf } from './hash-slot.js';

describe('hash slots', () => {
  // CLUSTER KEYSLOT of Redis 7.0.
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{foo}:a', 12_182],
    ['{}foo', 9_500],
    ['{larder:3}:log', hashSlotOf('larder:3')],
    ['ü', hashSlotOf('{ü}')],
  ])('of %s is %d', (key, slot) => {
    expect(hashSlotOf(key)).toBe(slot);
  });
});
