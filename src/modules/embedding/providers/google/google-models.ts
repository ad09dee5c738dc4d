import type { CustomModel } from '../../config/model-text.js';
import type { EmbeddingModel } from '../embedding.provider.js';

const gemini2: EmbeddingModel = {
  id: 'gemini-embedding-2',
  provider: 'google',
  dimensions: { default: 768, min: 128, max: 3072 },
  taskMode: 'prefix',
  isNormalised: true,
  isNested: true,
  maxInputChars: 100_000,
  maxInputTokens: 8_192,
  usdPerMillionTokens: 0.2,
};

const gemini1: EmbeddingModel = {
  ...gemini2,
  id: 'gemini-embedding-001',
  taskMode: 'parameter',
  // Of unit length at 3072 only, and normalising twice changes nothing that matters.
  isNormalised: false,
  maxInputTokens: 2_048,
  usdPerMillionTokens: 0.15,
};

/** The Gemini API's embedding models and those an operator adds, which are treated as relatives of the one they are named after. */
export function googleModels(custom: readonly CustomModel[]): readonly EmbeddingModel[] {
  const added = custom.map(({ id, minDimensions, maxDimensions, usdPerMillionTokens }): EmbeddingModel => ({
    ...(id.startsWith(gemini2.id) ? gemini2 : gemini1),
    id,
    dimensions: { default: Math.min(768, maxDimensions), min: minDimensions, max: maxDimensions },
    usdPerMillionTokens,
  }));
  return [gemini2, gemini1, ...added];
}
