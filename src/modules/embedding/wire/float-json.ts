import { fromFloat32Bytes } from '../numbers/float32-bytes.js';

/** A vector's bytes as a JSON array. Every number is the float32 itself, so a client that rounds to float32 has the same bits as one that reads base64. */
export function toFloatJson(bytes: Uint8Array): string {
  const floats = fromFloat32Bytes(bytes);
  // A plain array of doubles is what JSON.stringify writes fastest: half the time of joining the floats.
  const numbers = new Array<number>(floats.length);
  for (let at = 0; at < floats.length; at++) numbers[at] = floats[at]!;
  return JSON.stringify(numbers);
}
