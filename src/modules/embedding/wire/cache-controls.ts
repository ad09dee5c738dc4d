import type { IncomingHttpHeaders } from 'node:http';
import { type Duration, toMs } from '../../../common/duration.js';
import { EmbeddingError } from '../embedding.error.js';
import type { CacheControls } from '../embedding.types.js';

/** The longest ttl that a request may ask for, so that no client can fill Redis with what never expires. */
const MAX_TTL_MS = toMs('365d');
const NAMESPACE = /^[\w.-]{1,64}$/;

/**
 * Reads how a request wants to use the cache: `Cache-Control: no-cache | no-store | only-if-cached | max-age=<seconds>`,
 * `x-embed-ttl` (seconds, or a duration such as `12h`, of a year at most) and `x-embed-namespace`. Unknown directives are ignored, as RFC 9111
 * asks.
 *
 * @throws EmbeddingError `invalid-input` for an invalid ttl or namespace.
 */
export function readCacheControls(headers: IncomingHttpHeaders): CacheControls {
  const directives = new Map(
    (headers['cache-control'] ?? '').split(',').map((directive) => {
      const [name = '', value] = directive.trim().toLowerCase().split('=');
      return [name, value] as const;
    }),
  );
  const maxAge = directives.get('max-age');
  const maxAgeMs = maxAge !== undefined && /^\d+$/.test(maxAge) ? Number(maxAge) * 1_000 : undefined;
  const ttlMs = readTtl(headers['x-embed-ttl']);
  const namespace = readNamespace(headers['x-embed-namespace']);
  return {
    isRefresh: directives.has('no-cache') || maxAgeMs === 0,
    isNoStore: directives.has('no-store'),
    isOnlyIfCached: directives.has('only-if-cached'),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function readTtl(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  try {
    const ttlMs = toMs((/^\d+$/.test(String(header)) ? `${String(header)}s` : String(header)) as Duration);
    if (ttlMs > 0 && ttlMs <= MAX_TTL_MS) return ttlMs;
  } catch {
    // Reported below.
  }
  throw new EmbeddingError(
    'invalid-input',
    'x-embed-ttl takes seconds or a duration above zero, as 3600 or 12h, of 365d at most.',
    { param: 'x-embed-ttl' },
  );
}

function readNamespace(header: string | string[] | undefined): string | undefined {
  if (header === undefined || (typeof header === 'string' && NAMESPACE.test(header))) return header;
  throw new EmbeddingError('invalid-input', "x-embed-namespace takes up to 64 letters, digits, '.', '_' and '-'.", {
    param: 'x-embed-namespace',
  });
}
