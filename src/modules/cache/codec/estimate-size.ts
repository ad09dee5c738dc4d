import { types } from 'node:util';
import { isBinary } from './binary-kinds.js';

/** Bytes V8 takes on a 64-bit host (Node is built without pointer compression), rounded. */
const POINTER_BYTES = 8;
const STRING_BYTES = 24;
const OBJECT_BYTES = 32;
const HASH_ENTRY_BYTES = 36;
const BINARY_BYTES = 160;

/**
 * About how many bytes of memory a value keeps, for values that were never encoded. Strings count a byte a character
 * (two beyond ASCII), what is referred to twice counts once, and what functions close over is not seen.
 */
export function estimateSize(value: unknown): number {
  let bytes = 0;
  const seen = new Set<object>();
  const pending: object[] = [];
  const add = (child: unknown): void => {
    if (typeof child !== 'object' || child === null) {
      bytes += primitiveBytes(child);
    } else if (!seen.has(child)) {
      seen.add(child);
      pending.push(child);
    }
  };
  add(value);
  for (let next = pending.pop(); next; next = pending.pop()) {
    const ownBytes = OBJECT_BYTES + contentBytes(next, add);
    bytes += ownBytes;
  }
  return bytes;
}

/** Bytes of the object's own content, handing what it refers to to `add`. */
function contentBytes(object: object, add: (child: unknown) => void): number {
  if (isBinary(object)) return BINARY_BYTES + object.byteLength;
  if (types.isMap(object)) {
    for (const pair of object) pair.forEach(add);
    return object.size * HASH_ENTRY_BYTES;
  }
  if (types.isSet(object)) {
    object.forEach(add);
    return object.size * HASH_ENTRY_BYTES;
  }
  const children: unknown[] = Array.isArray(object) ? object : Object.values(object);
  for (const child of children) add(child);
  return children.length * POINTER_BYTES;
}

function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') {
    const isAscii = Buffer.byteLength(value) === value.length;
    return STRING_BYTES + value.length * (isAscii ? 1 : 2);
  }
  if (typeof value === 'bigint') return STRING_BYTES + value.toString(16).length / 2;
  return POINTER_BYTES;
}
