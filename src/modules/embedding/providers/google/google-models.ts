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
  // Its vectors have length 1 at 3072 dimensions only. Normalising those again changes nothing that matters.
  isNormalised: false,
  maxInputTokens: 2_048,
  usdPerMillionTokens: 0.15,
};

/** The Gemini API's embedding models and the models an operator adds. An added model gets the properties of the one whose name its name begins with. */
export function googleModels(custom: readonly CustomModel[]): readonly EmbeddingModel[] {
  const added = custom.map(({ id, minDimensions, maxDimensions, usdPerMillionTokens }): EmbeddingModel => ({
    ...(id.startsWith(gemini2.id) ? gemini2 : gemini1),
    id,
    dimensions: { default: Math.min(768, maxDimensions), min: minDimensions, max: maxDimensions },
    usdPerMillionTokens,
  }));
  return [gemini2, gemini1, ...added];
}
