import { setImmediate } from 'node:timers/promises';
import type { TextVector } from '../embedding.types.js';

/** Bytes of vectors that are written without a pause. Even as decimal numbers they take only milliseconds. */
const BYTES_PER_TURN = 256 * 2 ** 10;

/** Writes vectors as JSON with pauses for other requests: a large answer of decimal numbers takes seconds. */
export async function renderVectors(
  vectors: readonly TextVector[],
  write: (bytes: Uint8Array, index: number) => string,
): Promise<string> {
  const written: string[] = [];
  let bytesInTurn = 0;
  for (const [index, { bytes }] of vectors.entries()) {
    written.push(write(bytes, index));
    bytesInTurn += bytes.byteLength;
    if (bytesInTurn < BYTES_PER_TURN) continue;
    bytesInTurn = 0;
    await setImmediate();
  }
  return written.join(',');
}
