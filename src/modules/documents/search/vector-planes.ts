/** Bits of a number in a stored vector. */
const VECTOR_BITS = 4;

/** Bits of a number in a question: it is one vector, so it may be finer than the stored ones. */
const QUERY_BITS = 6;

/** Errors of rounding are spread evenly over a step; so many standard deviations of their sum are never seen. */
const SAFE_DEVIATIONS = 6;
const SAFE_STEPS = SAFE_DEVIATIONS / Math.sqrt(12);

/** A vector in a few bits a number: a number is about `low + step * bits`. */
export interface VectorPlanes {
  /** For each bit, the lowest first, the bits of all numbers as text of `0` and `1`. */
  readonly planes: readonly string[];
  readonly low: number;
  readonly step: number;
  /** Sum of the bits of all numbers. */
  readonly total: number;
}

/** The planes in which a vector is stored. */
export function planesOf(vector: ArrayLike<number>): VectorPlanes {
  return quantise(vector, VECTOR_BITS);
}

/**
 * A question, ready to be compared with stored planes in plain SQL. With `S` the sum over all pairs of planes of
 * `2^(i+j) * bit_count(plane i & queryPlane j)`, the product of question and vector is about
 * `low * ofLow + step * (ofTotal * total + ofPairs * S)`, and at most `step * reserve + margin` more than that.
 */
export interface PlaneQuery {
  readonly planes: readonly string[];
  readonly ofLow: number;
  readonly ofTotal: number;
  readonly ofPairs: number;
  readonly reserve: number;
  readonly margin: number;
}

/** @param vector of unit length. */
export function planeQueryOf(vector: ArrayLike<number>): PlaneQuery {
  const { planes, low, step, total } = quantise(vector, QUERY_BITS);
  return {
    planes,
    ofLow: vector.length * low + step * total,
    ofTotal: low,
    ofPairs: step,
    reserve: SAFE_STEPS,
    margin: step * SAFE_STEPS,
  };
}

function quantise(vector: ArrayLike<number>, bits: number): VectorPlanes {
  const numbers = Array.from(vector);
  const low = numbers.reduce((least, number) => Math.min(least, number), Infinity);
  const high = numbers.reduce((most, number) => Math.max(most, number), -Infinity);
  const step = (high - low) / (2 ** bits - 1);
  const values = numbers.map((number) => (step === 0 ? 0 : Math.round((number - low) / step)));
  const planes = Array.from({ length: bits }, (_, bit) => values.map((value) => (value >> bit) & 1).join(''));
  return { planes, low, step, total: values.reduce((sum, value) => sum + value, 0) };
}
