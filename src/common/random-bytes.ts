import { randomFillSync } from 'node:crypto';

/** A call of the generator costs some ten microseconds, however few bytes it is asked for. */
const POOL_BYTES = 8_192;

let pool = Buffer.alloc(0);
let used = 0;

/**
 * Cryptographically random bytes, for what is asked for many times a second. As `crypto.randomBytes`, of which one call
 * serves many of these; no byte is given out twice.
 *
 * @param size 1 to 8,192.
 */
export function freshRandomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    // A new one each time: what was given out may still be in use.
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    used = 0;
  }
  return pool.subarray(used, (used += size));
}
