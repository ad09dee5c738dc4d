import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** Where Brotli is about as fast as gzip and yet smaller. (Zstandard is still experimental in Node 24.) */
const QUALITY = 4;

const LENGTH_BYTES = 4;

/**
 * The payload behind its own length, compressed; `undefined` when that saves less than an eighth, since reading it would
 * then cost more than it saves.
 *
 * @param room bytes in front of the payload that are not its own, and as many to leave in front of the result.
 */
export function compress(bytes: Buffer, room: number): Buffer | undefined {
  const payload = bytes.subarray(room);
  const stream = brotliCompressSync(payload, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: payload.length,
    },
  });
  if (stream.length + LENGTH_BYTES > payload.length * 0.875) return undefined;
  const compressed = Buffer.allocUnsafe(room + LENGTH_BYTES + stream.length);
  compressed.writeUInt32LE(payload.length, room);
  stream.copy(compressed, room + LENGTH_BYTES);
  return compressed;
}

/** How long the payload was before {@link compress}, as it claims; `undefined` when it is too short to say. */
export function uncompressedLength(compressed: Buffer): number | undefined {
  return compressed.length >= LENGTH_BYTES ? compressed.readUInt32LE() : undefined;
}

/**
 * Undoes {@link compress}. Stops at the claimed length, whatever the stream would inflate to; the caller has checked
 * that against its limit.
 *
 * @throws an error when the stream is broken, or longer or shorter than claimed.
 */
export function decompress(compressed: Buffer): Buffer {
  const length = compressed.readUInt32LE();
  const payload = brotliDecompressSync(compressed.subarray(LENGTH_BYTES), { maxOutputLength: Math.max(1, length) });
  if (payload.length !== length) throw new RangeError('Decompressed to another length than stored');
  return payload;
}
