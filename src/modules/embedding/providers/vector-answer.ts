import { apportionTokens, estimateTokens } from './token-estimate.js';
import type { ComputedVector, EmbeddingBatch } from './embedding.provider.js';
import { toUnitLength } from '../vector/unit-vector.js';

/**
 * The vectors of an upstream's answer, checked before they are cached: one for each text, as wide as asked for, finite.
 * `undefined` when they aren't.
 */
export function toComputedVectors(
  { inputs, dimensions, model }: EmbeddingBatch,
  vectors: readonly Float32Array[],
  countedTokens: number | undefined,
): ComputedVector[] | undefined {
  const isSound =
    vectors.length === inputs.length &&
    vectors.every((vector) => vector.length === dimensions && vector.every(Number.isFinite));
  if (!isSound) return undefined;
  const estimates = inputs.map(({ parts }) => estimateTokens(parts));
  const tokens = countedTokens === undefined ? estimates : apportionTokens(countedTokens, estimates);
  return vectors.map((vector, index) => ({
    vector: model.isNormalised ? vector : toUnitLength(vector),
    tokens: tokens[index] ?? 0,
  }));
}
