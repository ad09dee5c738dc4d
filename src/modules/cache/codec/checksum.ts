/**
 * `checksum.wat`, compiled (`npx -p wabt wat2wasm checksum.wat -o - | base64`). In WebAssembly because JavaScript has no
 * 64-bit integers that are quick, and calling it costs less than calling zlib's `crc32` (docs/decisions/0015).
 */
const MODULE =
  'AGFzbQEAAAABDQJgAn5+AX5gAn9/AX8DAwIAAQUDAQACBxUCBm1lbW9yeQIACGNoZWNrc3VtAAEKwgECFgAgACABhUIdiUKHla+vmLbem55/fguo' +
  'AQIBfwR+IABCADcDACAAQgA3AwggAEIANwMQIABCADcDGCABrSEDQs/W077Sx6vZQiEEQvnz3fGZ9pmrFiEFIACtIQYCQANAIAIgAE8NASADIAIp' +
  'AwAQACEDIAQgAikDCBAAIQQgBSACKQMQEAAhBSAGIAIpAxgQACEGIAJBIGohAgwACwsgA0IBiSAEQgeJfCAFQgyJIAZCEol8fCEDIAMgA0IgiIWn' +
  'Cw==';

/** As much as we use of what only the DOM's types declare. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Of the first `length` bytes of the memory. */
  checksum(length: number, seed: number): number;
}

/** Bytes the module takes at once. */
const PIECE = 65_536;

const { memory, checksum } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64')))
  .exports as Exports;
const piece = new Uint8Array(memory.buffer);

/**
 * 32 bits that tell damaged bytes from those that were stored: what random bytes take the place of passes once in 2³².
 * Unlike a CRC it promises nothing of single patterns: two bits that flip 32 bytes apart pass at some places of a word
 * (bit 34, then bit 63). No protection from who changes bytes on purpose.
 *
 * @param start the first byte that counts; all that follow do.
 * @param seed an unsigned integer of 32 bits.
 */
export function checksumOf(bytes: Uint8Array, start: number, seed: number): number {
  let sum = seed;
  for (let from = start; from < bytes.length; from += PIECE) {
    const part = bytes.subarray(from, from + PIECE);
    piece.set(part);
    sum = checksum(part.length, sum);
  }
  return sum >>> 0;
}
