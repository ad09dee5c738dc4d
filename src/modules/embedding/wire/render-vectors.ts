import { setImmediate } from 'node:timers/promises';
import type { TextVector } from '../embedding.types.js';

/** Bytes of vectors that are written in one go: a few milliseconds even as decimal numbers. */
const BYTES_IN_ONE_GO = 256 * 2 ** 10;

/** Writes vectors as JSON, letting other requests run in between: a large answer of decimal numbers takes seconds. */
export async function renderVectors(
  vectors: readonly TextVector[],
  write: (bytes: Uint8Array, index: number) => string,
): Promise<string> {
  const written: string[] = [];
  let bytesInOneGo = 0;
  for (const [index, { bytes }] of vectors.entries()) {
    written.push(write(bytes, index));
    bytesInOneGo += bytes.byteLength;
    if (bytesInOneGo < BYTES_IN_ONE_GO) continue;
    bytesInOneGo = 0;
    await setImmediate();
  }
  return written.join(',');
}
