import { EmbeddingError } from '../embedding.error.js';

/**
 * Refuses a body that is not JSON. Without this, validation would report fields as missing that the client did send, in another
 * format. It also refuses forms, which a web page may send to any site without a preflight request.
 *
 * @throws EmbeddingError `invalid-input`.
 */
export function assertJson(contentType: string | undefined): void {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return;
  throw new EmbeddingError(
    'invalid-input',
    `Unsupported content type${type ? ` '${type.slice(0, 100)}'` : ''}: send the body with 'content-type: application/json'.`,
  );
}
