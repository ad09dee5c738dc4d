import { randomBytes } from 'node:crypto';
import { checksumOf } from './checksum.js';

const MASK = 2n ** 64n - 1n;
const MULTIPLIER = 0x9e3779b185ebca87n;
const rotated = (lane: bigint, by: bigint): bigint => ((lane << by) | (lane >> (64n - by))) & MASK;

/** What the module computes, in plain words and slowly: of at most one piece. */
function expected(bytes: Buffer, seed: number): number {
  const lanes = [BigInt(seed), 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, BigInt(bytes.length)];
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 31)]);
  for (let at = 0; at < padded.length; at += 8) {
    const lane = (at / 8) % 4;
    lanes[lane] = (rotated(lanes[lane]! ^ padded.readBigUInt64LE(at), 29n) * MULTIPLIER) & MASK;
  }
  const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
  const sum = (rotated(a, 1n) + rotated(b, 7n) + rotated(c, 12n) + rotated(d, 18n)) & MASK;
  return Number((sum ^ (sum >> 32n)) & 0xffff_ffffn);
}

describe('checksumOf', () => {
  const some = randomBytes(200_000);

  it('is what its source says, whatever the length', () => {
    for (let length = 1; length < 300; length++)
      expect(checksumOf(some.subarray(0, length), 0, length)).toBe(expected(some.subarray(0, length), length));
    expect(checksumOf(some.subarray(0, 65_536), 0, 0xffff_ffff)).toBe(expected(some.subarray(0, 65_536), 0xffff_ffff));
  });

  it('goes on with what one piece gave for the next', () => {
    const first = expected(some.subarray(32, 32 + 65_536), 7);
    const second = expected(some.subarray(32 + 65_536, 32 + 2 * 65_536), first);
    const third = expected(some.subarray(32 + 2 * 65_536, 131_500), second);
    expect(checksumOf(some.subarray(0, 131_500), 32, 7)).toBe(third);
  });

  it('is the seed where there is nothing', () => {
    expect(checksumOf(some.subarray(0, 32), 32, 0xffff_fffe)).toBe(0xffff_fffe);
  });

  it('forgets what it saw before', () => {
    const short = Buffer.from('short');
    const before = checksumOf(short, 0, 0);
    checksumOf(some, 0, 0);
    expect(checksumOf(short, 0, 0)).toBe(before);
  });

  it.each([40, 1_000, 70_000])('changes with every bit of %d bytes', (length) => {
    const bytes = Buffer.from(some.subarray(0, length));
    const whole = checksumOf(bytes, 0, 0);
    for (let bit = 0; bit < length * 8; bit += Math.ceil(length / 1_000)) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(checksumOf(bytes, 0, 0)).not.toBe(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  it('tells lengths, orders and seeds apart', () => {
    const zeros = Buffer.alloc(100);
    const sums = Array.from({ length: 101 }, (_, length) => checksumOf(zeros.subarray(0, length), 0, 9));
    expect(new Set(sums).size).toBe(101);
    const swapped = Buffer.concat([some.subarray(32, 64), some.subarray(0, 32)]);
    expect(checksumOf(swapped, 0, 0)).not.toBe(checksumOf(some.subarray(0, 64), 0, 0));
    expect(checksumOf(some, 0, 1)).not.toBe(checksumOf(some, 0, 2));
  });
});
