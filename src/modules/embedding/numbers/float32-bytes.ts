import { endianness } from 'node:os';

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Floats as little-endian float32 bytes. On little-endian machines a view of the same memory. */
export function toFloat32Bytes(floats: Float32Array): Uint8Array {
  if (IS_LITTLE_ENDIAN) return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  const bytes = new Uint8Array(floats.length * 4);
  const view = new DataView(bytes.buffer);
  floats.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return bytes;
}

/** Little-endian float32 bytes as floats; a view where alignment allows, a copy otherwise (Redis replies are slices at any offset). */
export function fromFloat32Bytes(bytes: Uint8Array): Float32Array {
  if (IS_LITTLE_ENDIAN) {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 4);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
