import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Codings in which a response is stored beside its plain bytes, the preferred one first. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

/** Smaller bodies are not compressed. */
const MIN_BYTES = 1_024;
const COMPRESSIBLE =
  /^(text\/|application\/([\w.-]+\+)?(json|xml|javascript)|application\/(x-ndjson|problem\+json)|image\/svg\+xml)/i;

const compressors: Record<Coding, (body: Buffer) => Promise<Buffer>> = {
  br: (body) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    }),
  gzip: (body) => promisify(gzip)(body),
};

/** The codings that make this body smaller; none for small bodies and for types that are compressed already. */
export async function compressedVariants(
  body: Buffer,
  contentType: string | undefined,
): Promise<Partial<Record<Coding, Buffer>>> {
  if (body.length < MIN_BYTES || !COMPRESSIBLE.test(contentType ?? '')) return {};
  const made = await Promise.all(CODINGS.map(async (coding) => [coding, await compressors[coding](body)] as const));
  return Object.fromEntries(made.filter(([, bytes]) => bytes.length < body.length));
}

/** The available coding a client prefers (RFC 9110 12.5.3); `identity` unless it asks for another. */
export function negotiateCoding(acceptEncoding: string | undefined, available: readonly Coding[]): Coding | 'identity' {
  if (acceptEncoding === undefined || available.length === 0) return 'identity';
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = available.reduce((left, right) => (weightOf(right) > weightOf(left) ? right : left));
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : 'identity';
}
