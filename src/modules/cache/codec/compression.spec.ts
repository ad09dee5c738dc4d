import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { compress, decompress, uncompressedLength } from './compression.js';

const ROOM = 5;

/** A payload behind room that is not its own. */
const behindRoom = (payload: Buffer): Buffer => Buffer.concat([Buffer.alloc(ROOM, 0xaa), payload]);

describe('a payload that compresses well', () => {
  const payload = Buffer.from('caching that can be trusted, '.repeat(200));

  it('is restored, behind the room in front of it', () => {
    const compressed = compress(behindRoom(payload), ROOM)!;
    expect(uncompressedLength(compressed.subarray(ROOM))).toBe(payload.length);
    expect(decompress(compressed.subarray(ROOM))).toEqual(payload);
    expect(compressed.length).toBeLessThan(payload.length / 5);
  });

  it('is compressed at the quality that is as fast as gzip', () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: payload.length };
    const expected = brotliCompressSync(payload, { params });
    expect(compress(behindRoom(payload), ROOM)!.subarray(ROOM + 4)).toEqual(expected);
  });
});

describe('a payload that does not compress well', () => {
  /** Random bytes with zeros behind them: its stream has about the length of the random part. */
  const partlyRandom = (share: number): Buffer => {
    const payload = Buffer.alloc(10_000);
    randomBytes(Math.floor(10_000 * share)).copy(payload);
    return payload;
  };

  it.each([0.9, 1])('is left as it is where compression saves less than an eighth (random share %d)', (share) => {
    expect(compress(behindRoom(partlyRandom(share)), ROOM)).toBeUndefined();
  });

  it('is compressed where it saves more', () => {
    expect(compress(behindRoom(partlyRandom(0.8)), ROOM)).toBeDefined();
  });

  it('counts the four bytes of its length', () => {
    // A stream this short saves nothing once its length stands before it.
    expect(compress(behindRoom(Buffer.from('aaaaaaaa')), ROOM)).toBeUndefined();
  });
});

describe('a stream that is broken', () => {
  const compressed = compress(behindRoom(Buffer.from('a'.repeat(1_000))), ROOM)!.subarray(ROOM);

  it.each([
    [999, 'Cannot create a Buffer larger than 999 bytes'],
    [1_001, 'Decompressed to another length than stored'],
    [0, 'Cannot create a Buffer larger than 1 byte'],
  ])('is refused if it claims %d bytes of 1,000', (claimed, message) => {
    const other = Buffer.from(compressed);
    other.writeUInt32LE(claimed);
    expect(() => decompress(other)).toThrow(message);
  });

  it('is refused if it is cut', () => {
    expect(() => decompress(compressed.subarray(0, compressed.length - 1))).toThrow('unexpected end of file');
  });

  it('claims no length if it is too short', () => {
    expect(uncompressedLength(Buffer.alloc(3))).toBeUndefined();
  });
});
