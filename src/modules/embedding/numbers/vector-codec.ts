/// <reference lib="esnext.float16" />
import { toFloat32Bytes } from './float32-bytes.js';

/** A storage format for the numbers of a vector. */
export interface VectorCodec {
  /** First byte of the stored form; never reused. */
  readonly id: number;
  /** Size of an encoded vector. */
  byteLength(dimensions: number): number;
  encode(vector: Float32Array): Uint8Array;
  /** The output of {@link encode} as little-endian float32 bytes. */
  decode(stored: Uint8Array): Uint8Array;
}

/** The provider's numbers, bit for bit: 4 bytes a dimension. */
const f32: VectorCodec = {
  id: 1,
  byteLength: (dimensions) => dimensions * 4,
  encode: toFloat32Bytes,
  decode: (stored) => stored,
};

/** Half precision: 2 bytes a dimension, cosine error below 1e-4. */
const f16: VectorCodec = {
  id: 2,
  byteLength: (dimensions) => dimensions * 2,
  encode(vector) {
    const bytes = new Uint8Array(vector.length * 2);
    const view = new DataView(bytes.buffer);
    vector.forEach((value, index) => view.setFloat16(index * 2, value, true));
    return bytes;
  },
  decode(stored) {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    return toFloat32Bytes(
      Float32Array.from({ length: stored.byteLength / 2 }, (_, index) => view.getFloat16(index * 2, true)),
    );
  },
};

/** One signed byte a dimension after a float32 scale of the whole vector, cosine error about 1e-3. */
const int8: VectorCodec = {
  id: 3,
  byteLength: (dimensions) => 4 + dimensions,
  encode(vector) {
    const scale = vector.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
    const bytes = new Uint8Array(4 + vector.length);
    const view = new DataView(bytes.buffer);
    view.setFloat32(0, scale, true);
    if (scale > 0) vector.forEach((value, index) => view.setInt8(4 + index, Math.round(value / scale)));
    return bytes;
  },
  decode(stored) {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    const scale = view.getFloat32(0, true);
    return toFloat32Bytes(
      Float32Array.from({ length: stored.byteLength - 4 }, (_, index) => view.getInt8(4 + index) * scale),
    );
  },
};

/** The codecs by their names in `EMBEDDING_CODEC`. */
export const vectorCodecs = { f32, f16, int8 } as const satisfies Record<string, VectorCodec>;

/** See {@link vectorCodecs}. */
export type VectorCodecName = keyof typeof vectorCodecs;
