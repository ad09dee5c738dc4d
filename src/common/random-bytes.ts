import { randomFillSync } from 'node:crypto';

/** Bytes per call of the generator. A call takes about ten microseconds, however few bytes it returns. */
const POOL_BYTES = 8_192;

let pool = Buffer.alloc(0);
let used = 0;

/**
 * Cryptographically random bytes, for frequent use. One call of `crypto.randomBytes` serves many calls of this function; no
 * byte is returned twice.
 *
 * @param size 1 to 8,192.
 */
export function freshRandomBytes(size: number): Buffer {
  if (used + size > pool.length) {
    // A new buffer each time: parts of the old one may still be in use.
    pool = randomFillSync(Buffer.allocUnsafeSlow(POOL_BYTES));
    used = 0;
  }
  return pool.subarray(used, (used += size));
}
