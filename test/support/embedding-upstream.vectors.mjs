import { createHash } from 'node:crypto';

/**
 * A vector that depends on all that is given and on nothing else, as a real model's does. The first `width` numbers of the
 * full one, as nested models have it.
 */
export function vectorOf(identity, width, { isUnit }) {
  let state = createHash('sha256').update(JSON.stringify(identity)).digest().readUInt32LE(0) || 1;
  const numbers = Array.from({ length: width }, () => {
    // xorshift32 (Marsaglia, 2003)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  });
  const length = isUnit ? Math.hypot(...numbers) : 10;
  return numbers.map((number) => Math.fround(number / length));
}

/** Roughly as many tokens as a model would count. */
export const tokensOf = (text) => Math.max(1, text.split(/\s+/).filter(Boolean).length + 1);
