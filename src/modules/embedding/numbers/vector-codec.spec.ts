import { fromFloat32Bytes } from './float32-bytes.js';
import { type VectorCodec, vectorCodecs } from './vector-codec.js';
import { toUnitLength } from './unit-vector.js';
import { SEED, seededRandom } from '../../../../test/support/seeded-random.js';

/** Unit vectors without pattern: the worst case for rounding. */
function sample(count: number, dimensions: number): Float32Array[] {
  const random = seededRandom(SEED);
  const next = () => random() - 0.5;
  return Array.from({ length: count }, () => toUnitLength(Float32Array.from({ length: dimensions }, next)));
}

function throughCodec(codec: VectorCodec, vector: Float32Array): Float32Array {
  return fromFloat32Bytes(codec.decode(codec.encode(vector)));
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}

describe('vector codecs', () => {
  const vectors = sample(20, 768);

  it('f32 gives back every bit, subnormal numbers and negative zero among them', () => {
    const vector = Float32Array.of(-0, 1e-45, 3.4e38, 0.1, -1);
    expect([...new Uint32Array(throughCodec(vectorCodecs.f32, vector).buffer)]).toEqual([
      ...new Uint32Array(vector.buffer),
    ]);
  });

  it.each([
    ['f16', 2, 1e-4],
    ['int8', 1, 1e-3],
  ] as const)(
    '%s takes about %d bytes a dimension and changes similarities by less than %d',
    (name, bytes, tolerance) => {
      const codec: VectorCodec = vectorCodecs[name];
      expect(codec.encode(vectors[0]!).byteLength).toBe(codec.byteLength(768));
      expect(codec.byteLength(768) / 768).toBeCloseTo(bytes, 1);
      const decoded = vectors.map((vector) => throughCodec(codec, vector));
      for (const [index, vector] of vectors.entries()) {
        const other = (index + 1) % vectors.length;
        expect(Math.abs(cosine(decoded[index]!, decoded[other]!) - cosine(vector, vectors[other]!))).toBeLessThan(
          tolerance,
        );
      }
    },
  );

  it.each(['f16', 'int8'] as const)('%s is stable: a decoded vector encodes to the same bytes', (name) => {
    const codec = vectorCodecs[name];
    const once = codec.encode(vectors[0]!);
    expect(codec.encode(fromFloat32Bytes(codec.decode(once)))).toEqual(once);
  });

  it('a vector of zeros survives every codec', () => {
    for (const codec of Object.values(vectorCodecs))
      expect([...throughCodec(codec, new Float32Array(4))]).toEqual([0, 0, 0, 0]);
  });
});
