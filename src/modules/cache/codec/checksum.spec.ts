import { createHash } from 'node:crypto';
import { checksumOf } from './checksum.js';

const MASK = 2n ** 64n - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const rotated = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (64n - by))) & MASK;
const round = (lane: bigint, word: bigint): bigint => (rotated((lane + word * P2) & MASK, 31n) * P1) & MASK;

/** XXH64 in plain words and slowly, after its specification. */
function xxh64(bytes: Buffer, seed: bigint): bigint {
  let at = 0;
  let hash = (seed + P5) & MASK;
  if (bytes.length >= 32) {
    const lanes = [seed + P1 + P2, seed + P2, seed, seed - P1];
    for (; at + 32 <= bytes.length; at += 32)
      for (const lane of lanes.keys()) lanes[lane] = round(lanes[lane]!, bytes.readBigUInt64LE(at + 8 * lane));
    hash = lanes.reduce((sum, lane, i) => (sum + rotated(lane, [1n, 7n, 12n, 18n][i]!)) & MASK, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8)
    hash = (rotated(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  if (at + 4 <= bytes.length) {
    hash = (rotated(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotated(hash ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

const expected = (bytes: Buffer, seed: number): number => Number(xxh64(bytes, BigInt(seed)) & 0xffff_ffffn);

describe('checksumOf', () => {
  /** Without a pattern, and the same in every run. */
  const some = createHash('shake256', { outputLength: 200_000 }).update('larder').digest();

  it('is the end of XXH64, whatever the length', () => {
    // As published.
    expect(xxh64(Buffer.from('a'), 0n)).toBe(0xd24ec4f1a98c6e5bn);
    expect(xxh64(Buffer.from('abc'), 0n)).toBe(0x44bc2cf5ad770999n);
    expect(checksumOf(Buffer.from('abc'), 0, 0)).toBe(0xad77_0999);
    for (let length = 1; length < 300; length++)
      expect(checksumOf(some.subarray(0, length), 0, length)).toBe(expected(some.subarray(0, length), length));
    expect(checksumOf(some.subarray(0, 65_536), 0, 0xffff_ffff)).toBe(expected(some.subarray(0, 65_536), 0xffff_ffff));
  });

  it('takes the checksum of one piece as the seed of the next', () => {
    const first = expected(some.subarray(32, 32 + 65_536), 7);
    const second = expected(some.subarray(32 + 65_536, 32 + 2 * 65_536), first);
    const third = expected(some.subarray(32 + 2 * 65_536, 131_500), second);
    expect(checksumOf(some.subarray(0, 131_500), 32, 7)).toBe(third);
  });

  it('is the seed where there is nothing', () => {
    expect(checksumOf(some.subarray(0, 32), 32, 0xffff_fffe)).toBe(0xffff_fffe);
  });

  it('depends on no earlier call', () => {
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

  it('changes with any two bits of one lane', () => {
    const bytes = Buffer.from(some.subarray(0, 64));
    const whole = checksumOf(bytes, 0, 0);
    const flip = (bit: number): number => (bytes[bit >> 3]! ^= 1 << (bit & 7));
    for (let one = 0; one < 64; one++)
      for (let other = 256; other < 320; other++) {
        flip(one);
        flip(other);
        expect(checksumOf(bytes, 0, 0)).not.toBe(whole);
        flip(one);
        flip(other);
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
