import { EmbeddingError } from '../../embedding.error.js';
import { apportionTokens, estimateTokens } from './token-estimate.js';
import type { ComputedVector, EmbeddingBatch } from '../embedding.provider.js';
import { toUnitLength } from '../../numbers/unit-vector.js';

/**
 * Checks the vectors of an upstream's answer before they are cached: one per text, of the requested width, all numbers
 * finite. `undefined` for an invalid answer.
 *
 * @throws EmbeddingError `upstream-refused-us` when all vectors have the same other width: a new attempt would not help.
 */
export function toComputedVectors(
  { inputs, dimensions, model }: EmbeddingBatch,
  vectors: readonly Float32Array[],
  countedTokens: number | undefined,
): ComputedVector[] | undefined {
  if (vectors.length !== inputs.length || !vectors.every((vector) => vector.every(Number.isFinite))) return undefined;
  const [width, ...others] = new Set(vectors.map(({ length }) => length));
  if (others.length > 0 || !width) return undefined;
  if (width !== dimensions) {
    throw new EmbeddingError(
      'upstream-refused-us',
      `The upstream's model ${model.id} answers ${width} dimensions, not ${dimensions}; this service is configured for another width.`,
    );
  }
  const estimates = inputs.map(({ parts }) => estimateTokens(parts));
  const tokens = countedTokens === undefined ? estimates : apportionTokens(countedTokens, estimates);
  return vectors.map((vector, index) => ({
    vector: model.isNormalised ? vector : toUnitLength(vector),
    tokens: tokens[index] ?? 0,
  }));
}
