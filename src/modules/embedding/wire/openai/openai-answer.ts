import type { EmbeddingResult } from '../../embedding.types.js';
import { toFloatJson } from '../float-json.js';

/** How vectors are written. */
export type EncodingFormat = 'float' | 'base64';

/** The JSON body of a `/v1/embeddings` answer. Base64 is written from the stored bytes; no float is made on the way. */
export function renderOpenAiAnswer({ model, vectors, totalTokens }: EmbeddingResult, format: EncodingFormat): string {
  const write = format === 'base64' ? toBase64Json : toFloatJson;
  const data = vectors.map(({ bytes }, index) => `{"object":"embedding","index":${index},"embedding":${write(bytes)}}`);
  return `{"object":"list","data":[${data.join(',')}],"model":${JSON.stringify(model)},"usage":{"prompt_tokens":${totalTokens},"total_tokens":${totalTokens}}}`;
}

function toBase64Json({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`;
}
