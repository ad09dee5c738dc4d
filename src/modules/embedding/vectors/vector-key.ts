import { hash } from 'node:crypto';
import type { EmbeddingInput } from '../embedding.types.js';

/** Raised whenever a change gives the same text another key. */
const KEY_VERSION = 'v1';
const KEY = new RegExp(`^(?:(?<namespace>[\\w.-]{1,64})/)?${KEY_VERSION}:(?<dimensions>\\d{1,5}):[\\w-]{43}$`);

/** Everything a vector depends on. The requested encoding is not included: both encodings are made from the same bytes. */
export interface VectorIdentity {
  readonly provider: string;
  /** Where the provider is reached; two servers may call different models by one name. */
  readonly origin: string;
  readonly model: string;
  readonly dimensions: number;
  /** The form sent upstream, with task prefixes in the text. */
  readonly input: EmbeddingInput;
  /** The caller's namespace. It only separates keys; the vector does not depend on it. Default none. */
  readonly namespace?: string | undefined;
}

/**
 * The cache key of a vector: `v1:<dimensions>:` and 43 base64url characters, the whole SHA-256 of the identity. Each field
 * is preceded by its length, so two identities never give the same bytes. No text can be read from a key. In a caller's
 * namespace, the namespace and a slash precede the key.
 */
export function vectorKey({ provider, origin, model, dimensions, input, namespace }: VectorIdentity): string {
  const fields = [provider, origin, model, String(dimensions), input.taskType ?? '', input.title ?? '', ...input.parts];
  const framed = fields.map((field) => `${field.length}:${field}`).join('');
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  return `${prefix}${KEY_VERSION}:${dimensions}:${hash('sha256', framed, 'base64url')}`;
}

/** The parts of a key that {@link vectorKey} made; `undefined` for any other text. */
export function parseVectorKey(key: string): { namespace: string | undefined; dimensions: number } | undefined {
  const { namespace, dimensions } = KEY.exec(key)?.groups ?? {};
  return dimensions === undefined ? undefined : { namespace, dimensions: Number(dimensions) };
}
