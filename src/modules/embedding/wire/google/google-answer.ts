import type { EmbeddingResult } from '../../embedding.types.js';
import { toFloatJson } from '../float-json.js';

/** The JSON body of an `:embedContent` answer. */
export function renderEmbedContent(result: EmbeddingResult): string {
  return `{"embedding":${embeddingsOf(result)[0]},${usageOf(result)}}`;
}

/** The JSON body of a `:batchEmbedContents` answer. */
export function renderBatchEmbedContents(result: EmbeddingResult): string {
  return `{"embeddings":[${embeddingsOf(result).join(',')}],${usageOf(result)}}`;
}

function embeddingsOf({ vectors }: EmbeddingResult): string[] {
  return vectors.map(({ bytes }) => `{"values":${toFloatJson(bytes)}}`);
}

function usageOf({ totalTokens }: EmbeddingResult): string {
  return `"usageMetadata":{"promptTokenCount":${totalTokens},"promptTokenDetails":[{"modality":"TEXT","tokenCount":${totalTokens}}]}`;
}
