import { type VectorCodec, type VectorCodecName, vectorCodecs } from '../numbers/vector-codec.js';

/** Bytes before the numbers; a multiple of 4, so that the numbers stay aligned. */
const HEADER_BYTES = 20;
const VERSION = 1;

/** A vector read from the cache. */
export interface VectorRecord {
  /** Little-endian float32; for the `f32` codec a view of the stored bytes. */
  readonly bytes: Uint8Array;
  readonly dimensions: number;
  readonly tokens: number;
  /** When it was computed, milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly codec: VectorCodecName;
}

/** A vector to store. */
export interface NewVectorRecord {
  readonly vector: Float32Array;
  readonly tokens: number;
  readonly createdAtMs: number;
  readonly codec: VectorCodecName;
}

const codecNames = new Map(Object.entries(vectorCodecs).map(([name, { id }]) => [id, name as VectorCodecName]));

/**
 * The stored form, little-endian: u8 version, u8 codec, u16 zero, u32 dimensions, u32 tokens, f64 created-at (milliseconds
 * since the epoch), then the numbers. The codec is in every record, so a change of `EMBEDDING_CODEC` needs no migration.
 */
export function encodeVectorRecord({ vector, tokens, createdAtMs, codec }: NewVectorRecord): Uint8Array {
  const encoder: VectorCodec = vectorCodecs[codec];
  const record = new Uint8Array(HEADER_BYTES + encoder.byteLength(vector.length));
  const view = new DataView(record.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, encoder.id);
  view.setUint32(4, vector.length, true);
  view.setUint32(8, tokens, true);
  view.setFloat64(12, createdAtMs, true);
  record.set(encoder.encode(vector), HEADER_BYTES);
  return record;
}

/** Reads a stored vector; `undefined` for bytes that are not a vector of `dimensions` numbers. Never throws. */
export function decodeVectorRecord(stored: unknown, dimensions: number): VectorRecord | undefined {
  if (!(stored instanceof Uint8Array) || stored.byteLength < HEADER_BYTES) return undefined;
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const codec = codecNames.get(view.getUint8(1));
  if (view.getUint8(0) !== VERSION || codec === undefined || view.getUint32(4, true) !== dimensions) return undefined;
  const decoder: VectorCodec = vectorCodecs[codec];
  const numbers = stored.subarray(HEADER_BYTES);
  if (numbers.byteLength !== decoder.byteLength(dimensions)) return undefined;
  return {
    bytes: decoder.decode(numbers),
    dimensions,
    tokens: view.getUint32(8, true),
    createdAtMs: view.getFloat64(12, true),
    codec,
  };
}
