import { fromFloat32Bytes } from '../vector/float32-bytes.js';

/** A vector's bytes as a JSON array. Every number is the float32 itself, so a client that rounds to float32 has the same bits as one that reads base64. */
export function toFloatJson(bytes: Uint8Array): string {
  return `[${fromFloat32Bytes(bytes).join(',')}]`;
}
