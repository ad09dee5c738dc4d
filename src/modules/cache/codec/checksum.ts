/**
 * `checksum.wat`, compiled (`npx -p wabt wat2wasm checksum.wat -o - | base64`). In WebAssembly because JavaScript has no
 * 64-bit integers that are quick, and calling it costs less than calling zlib's `crc32` (docs/decisions/0006).
 */
const MODULE =
  'AGFzbQEAAAABDQJgAn5+AX5gAn9/AX8DBAMAAAEFAwEAAQZEBX4AQoeVr6+Ytt6bnn8LfgBCz9bTvtLHq9lCC34AQvnz3fGZ9pmrFgt+AELj3MqV/M7y' +
  '9YV/C34AQsXP2bLx5brqJwsHFQIGbWVtb3J5AgAIY2hlY2tzdW0AAgqCAwMQACAAIAEjAX58Qh+JIwB+CxEAIABCACABEACFIwB+IwN8C9wCAgF/BX4g' +
  'Aa0hAyAAQSBPBEAgAyMAfCMBfCEEIAMjAXwhBSADIQYgAyMAfSEHA0AgBCACKQMAEAAhBCAFIAIpAwgQACEFIAYgAikDEBAAIQYgByACKQMYEAAhByAC' +
  'QSBqIQIgAkEgaiAATQ0ACyAEQgGJIAVCB4l8IAZCDIkgB0ISiXx8IQMgAyAEEAEhAyADIAUQASEDIAMgBhABIQMgAyAHEAEhAwUgAyMEfCEDCyADIACt' +
  'fCEDAkADQCACQQhqIABLDQEgA0IAIAIpAwAQAIVCG4kjAH4jA3whAyACQQhqIQIMAAsLIAJBBGogAE0EQCADIAI1AgAjAH6FQheJIwF+IwJ8IQMgAkEE' +
  'aiECCwJAA0AgAiAATw0BIAMgAjEAACMEfoVCC4kjAH4hAyACQQFqIQIMAAsLIAMgA0IhiIUjAX4hAyADIANCHYiFIwJ+IQMgAyADQiCIhacL';

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
 * The lower 32 bits of XXH64, for damage of any kind; no protection from who changes bytes on purpose. More than 64 KiB are
 * summed in pieces of as many, each seeded with the sum of the one before.
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
