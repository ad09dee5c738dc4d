import { EmbeddingError } from '../embedding.error.js';

/**
 * The error for a body that is not JSON; `undefined` for JSON. Without it, validation would report fields as missing that
 * the client did send, in another format. It also rejects forms, which a web page may send to any site without a preflight
 * request.
 */
export function contentTypeProblem(contentType: string | undefined): EmbeddingError | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return undefined;
  return new EmbeddingError(
    'invalid-input',
    `Unsupported content type${type ? ` '${type.slice(0, 100)}'` : ''}: send the body with 'content-type: application/json'.`,
  );
}
