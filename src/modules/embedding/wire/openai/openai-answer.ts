import type { EmbeddingResult } from '../../embedding.types.js';
import { toFloatJson } from '../float-json.js';
import { renderVectors } from '../render-vectors.js';

/** Formats of vectors in an answer. */
export type EncodingFormat = 'float' | 'base64';

/** The JSON body of a `/v1/embeddings` answer. Base64 is written from the stored bytes without converting them to floats. */
export async function renderOpenAiAnswer(
  { model, vectors, totalTokens }: EmbeddingResult,
  format: EncodingFormat,
): Promise<string> {
  const write = format === 'base64' ? toBase64Json : toFloatJson;
  const data = await renderVectors(
    vectors,
    (bytes, index) => `{"object":"embedding","index":${index},"embedding":${write(bytes)}}`,
  );
  const usage = `{"prompt_tokens":${totalTokens},"total_tokens":${totalTokens}}`;
  return `{"object":"list","data":[${data}],"model":${JSON.stringify(model)},"usage":${usage}}`;
}

function toBase64Json({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`;
}
