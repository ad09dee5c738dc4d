import { hash } from 'node:crypto';
import type { EmbeddingInput } from '../embedding.types.js';

/** Raised whenever the same text would get another key. */
const KEY_VERSION = 'v1';

/** Everything a vector depends on. The encoding the client asked for is not among it: both are answered from the same bytes. */
export interface VectorIdentity {
  readonly provider: string;
  /** Where the provider is reached; two servers may call different models by one name. */
  readonly origin: string;
  readonly model: string;
  readonly dimensions: number;
  /** As it is sent upstream: prefixes are part of the text already. */
  readonly input: EmbeddingInput;
}

/**
 * The cache key of a vector: `v1:<dimensions>:` and 43 base64url characters, the whole SHA-256 of the identity. Each field
 * is preceded by its length, so no two identities run into the same bytes; no text can be read from a key.
 */
export function vectorKey({ provider, origin, model, dimensions, input }: VectorIdentity): string {
  const fields = [provider, origin, model, String(dimensions), input.taskType ?? '', input.title ?? '', ...input.parts];
  const framed = fields.map((field) => `${field.length}:${field}`).join('');
  return `${KEY_VERSION}:${dimensions}:${hash('sha256', framed, 'base64url')}`;
}
