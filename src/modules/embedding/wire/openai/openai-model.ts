import type { EmbeddingModel } from '../../providers/embedding.provider.js';

/** A model in the format of OpenAI's API, extended by its widths. */
export function describeOpenAiModel({ id, provider, dimensions }: EmbeddingModel) {
  return { id, object: 'model', created: 0, owned_by: provider, dimensions };
}
