/** The vector scaled to length 1, computed in float64 and rounded once. A vector of zeros stays as it is. */
export function toUnitLength(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return vector;
  const scale = 1 / Math.sqrt(sum);
  return vector.map((value) => value * scale);
}

/**
 * The first `dimensions` of a nested ("Matryoshka") embedding, scaled to length 1 again. Providers compute narrower vectors
 * in the same way (Kusupati et al., NeurIPS 2022).
 */
export function truncate(vector: Float32Array, dimensions: number): Float32Array {
  return vector.length === dimensions ? vector : toUnitLength(vector.subarray(0, dimensions));
}
