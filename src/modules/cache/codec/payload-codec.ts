import { binaryFrom, binaryKindOf, bytesOf, isBinary } from './binary-kinds.js';
import { type ClassSerializers, decoratedClasses } from './class-serializers.js';
import { escapeValue } from './escape-value.js';
import { reviveValue } from './revive-value.js';

/** What the payload's bytes are. Stored in Redis: append, never reorder. */
export enum PayloadCodec {
  /** JSON in UTF-8 that means what it says. */
  Json = 0,
  /** JSON in UTF-8 with the escapes of `escaped.types.ts`. */
  EscapedJson = 1,
  /** A byte for the kind (`binary-kinds.ts`), then the bytes of one Buffer, typed array, ArrayBuffer or DataView. */
  Binary = 2,
}

/** A value as bytes, behind the room that was asked for. */
export interface Payload {
  readonly codec: PayloadCodec;
  readonly bytes: Buffer;
}

/** Whether this version can read the codec. */
export function isPayloadCodec(code: number): code is PayloadCodec {
  return code <= PayloadCodec.Binary;
}

/**
 * Encodes any value JSON can hold, and beside those `undefined`, `NaN`, the infinities, -0, bigint, Date, Map, Set,
 * RegExp, URL, Error, Buffer, typed arrays, ArrayBuffer, sparse arrays, objects without prototype and instances of `classes`, at
 * any depth to 512. Other instances come back as plain objects.
 * Strings come back as they were, whatever they contain.
 *
 * @param room bytes to leave in front of the payload, for the caller to fill.
 * @returns `undefined` when the payload would be more than `maxBytes`.
 * @throws UnstorableValueError as {@link escapeValue}.
 */
export function encodePayload(
  value: unknown,
  maxBytes: number,
  room = 0,
  classes: ClassSerializers = decoratedClasses,
): Payload | undefined {
  return isBinaryValue(value) ? encodeBinary(value, maxBytes, room) : encodeJson(value, maxBytes, room, classes);
}

/**
 * Decodes what {@link encodePayload} gave.
 *
 * @throws an error of any kind when the bytes are something else.
 */
export function decodePayload(
  codec: PayloadCodec,
  bytes: Buffer,
  start: number,
  classes: ClassSerializers = decoratedClasses,
): unknown {
  switch (codec) {
    case PayloadCodec.Json:
      return JSON.parse(bytes.toString('utf8', start));
    case PayloadCodec.EscapedJson:
      return reviveValue(JSON.parse(bytes.toString('utf8', start)), classes);
    case PayloadCodec.Binary:
      return binaryFrom(bytes.readUInt8(start), bytes, start + 1);
  }
}

function isBinaryValue(value: unknown): value is ArrayBufferView | ArrayBuffer {
  return typeof value === 'object' && value !== null && isBinary(value);
}

function encodeBinary(value: ArrayBufferView | ArrayBuffer, maxBytes: number, room: number): Payload | undefined {
  if (value.byteLength >= maxBytes) return undefined;
  const bytes = Buffer.allocUnsafe(room + 1 + value.byteLength);
  bytes[room] = binaryKindOf(value);
  bytesOf(value).copy(bytes, room + 1);
  return { codec: PayloadCodec.Binary, bytes };
}

function encodeJson(value: unknown, maxBytes: number, room: number, classes: ClassSerializers): Payload | undefined {
  const escaped = escapeValue(value, maxBytes, classes);
  if (escaped === undefined) return undefined;
  const text = JSON.stringify(escaped);
  const length = Buffer.byteLength(text);
  if (length > maxBytes) return undefined;
  const bytes = Buffer.allocUnsafe(room + length);
  bytes.write(text, room);
  return { codec: escaped === value ? PayloadCodec.Json : PayloadCodec.EscapedJson, bytes };
}
