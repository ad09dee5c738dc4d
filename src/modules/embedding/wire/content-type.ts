import { EmbeddingError } from '../embedding.error.js';

/**
 * Why a body of this type is not read: one that is no JSON would be told to lack what it has. It also keeps out forms, which
 * a web page may send anywhere without asking first.
 */
export function contentTypeProblem(contentType: string | undefined): EmbeddingError | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return undefined;
  return new EmbeddingError(
    'invalid-input',
    `Unsupported content type${type ? ` '${type.slice(0, 100)}'` : ''}: send the body with 'content-type: application/json'.`,
  );
}
