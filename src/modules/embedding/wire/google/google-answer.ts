import type { EmbeddingResult } from '../../embedding.types.js';
import { toFloatJson } from '../float-json.js';
import { renderVectors } from '../render-vectors.js';

/** The JSON body of an `:embedContent` answer. */
export async function renderEmbedContent(result: EmbeddingResult): Promise<string> {
  return `{"embedding":${await embeddingsOf(result)},${usageOf(result)}}`;
}

/** The JSON body of a `:batchEmbedContents` answer. */
export async function renderBatchEmbedContents(result: EmbeddingResult): Promise<string> {
  return `{"embeddings":[${await embeddingsOf(result)}],${usageOf(result)}}`;
}

function embeddingsOf({ vectors }: EmbeddingResult): Promise<string> {
  return renderVectors(vectors, (bytes) => `{"values":${toFloatJson(bytes)}}`);
}

function usageOf({ totalTokens }: EmbeddingResult): string {
  return `"usageMetadata":{"promptTokenCount":${totalTokens},"promptTokenDetails":[{"modality":"TEXT","tokenCount":${totalTokens}}]}`;
}
