import type { EmbeddingModel } from '../../providers/embedding.provider.js';

/** A model as OpenAI's API lists it, with its widths beside. */
export function describeOpenAiModel({ id, provider, dimensions }: EmbeddingModel) {
  return { id, object: 'model', created: 0, owned_by: provider, dimensions };
}
