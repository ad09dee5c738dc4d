import { types } from 'node:util';

/**
 * What raw bytes were before they were bytes. The index is written to Redis: append, never reorder.
 *
 * Elements keep the host's byte order, which is little-endian on every platform Node is built for but s390x.
 */
const KINDS: readonly (readonly [name: string, from: (buffer: ArrayBuffer) => Binary])[] = [
  ['Buffer', (buffer) => Buffer.from(buffer)],
  ['Uint8Array', (buffer) => new Uint8Array(buffer)],
  ['Uint8ClampedArray', (buffer) => new Uint8ClampedArray(buffer)],
  ['Int8Array', (buffer) => new Int8Array(buffer)],
  ['Uint16Array', (buffer) => new Uint16Array(buffer)],
  ['Int16Array', (buffer) => new Int16Array(buffer)],
  ['Uint32Array', (buffer) => new Uint32Array(buffer)],
  ['Int32Array', (buffer) => new Int32Array(buffer)],
  ['BigUint64Array', (buffer) => new BigUint64Array(buffer)],
  ['BigInt64Array', (buffer) => new BigInt64Array(buffer)],
  ['Float16Array', (buffer) => new Float16Array(buffer)],
  ['Float32Array', (buffer) => new Float32Array(buffer)],
  ['Float64Array', (buffer) => new Float64Array(buffer)],
  ['ArrayBuffer', (buffer) => buffer],
  ['DataView', (buffer) => new DataView(buffer)],
];

const CODE_BY_NAME = new Map(KINDS.map(([name], code) => [name, code]));

/** A value that is nothing but bytes: a Buffer, a typed array, an ArrayBuffer or a DataView. */
export type Binary = ArrayBufferView | ArrayBuffer;

/** Whether the value is stored as raw bytes. Looks at internal slots, so it knows those of other realms too. */
export function isBinary(value: object): value is Binary {
  return ArrayBuffer.isView(value) || types.isArrayBuffer(value);
}

/** The code of a binary's kind, to be stored beside its bytes. */
export function binaryKindOf(value: Binary): number {
  const name = Buffer.isBuffer(value) ? 'Buffer' : value[Symbol.toStringTag as never];
  const code = CODE_BY_NAME.get(name);
  if (code === undefined) throw new TypeError(`Unknown kind of binary: ${String(name)}`);
  return code;
}

/** Prototypes of the built-in kinds: an instance of a subclass comes back as one of these. */
const PROTOTYPES: ReadonlySet<unknown> = new Set(
  KINDS.map(([, from]) => Object.getPrototypeOf(from(new ArrayBuffer(0))) as unknown),
);

/** Whether the value is of a built-in kind and not of a subclass. */
export function isBuiltInBinary(value: Binary): boolean {
  return PROTOTYPES.has(Object.getPrototypeOf(value));
}

/** The value's bytes, not copied. */
export function bytesOf(value: Binary): Buffer {
  return ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
}

/**
 * A binary of the given kind made of the bytes from `start` on. It gets memory of its own: aligned whatever the source's
 * offset, and not keeping the (much larger) chunk alive that came from the socket.
 *
 * @throws RangeError for an unknown kind or a length that is no multiple of the element's.
 */
export function binaryFrom(kind: number, bytes: Uint8Array, start: number): Binary {
  const entry = KINDS[kind];
  if (!entry) throw new RangeError(`Unknown kind of binary: ${kind}`);
  const copy = new Uint8Array(bytes.length - start);
  copy.set(bytes.subarray(start));
  return entry[1](copy.buffer);
}
