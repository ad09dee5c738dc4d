import type { EmbeddingModel } from '../../providers/embedding.provider.js';

/** A model in the format of the Gemini API. */
export function describeGoogleModel({ id, provider, dimensions, maxInputTokens }: EmbeddingModel) {
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: '1',
    displayName: id,
    description: `Text embeddings by ${provider}, ${dimensions.max} dimensions at most.`,
    inputTokenLimit: maxInputTokens,
    outputTokenLimit: 1,
    supportedGenerationMethods: ['embedContent', 'batchEmbedContents', 'countTokens'],
  };
}
