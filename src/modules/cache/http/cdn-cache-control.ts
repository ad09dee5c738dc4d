import type { CacheDirectives } from './cache-control.js';

const MEMBER = /^[ \t]*([a-z*][a-z0-9_.*-]*)(?:=([^,;]*|"(?:[^"\\]|\\["\\])*"))?(?:;[^,]*)?[ \t]*$/;
const INTEGER = /^-?\d{1,15}$/;
const ITEM =
  /^(?:-?\d{1,15}|-?\d{1,12}\.\d{1,3}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*|\?[01]|:[A-Za-z0-9+/=]*:)$/;
const SECONDS = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);

/**
 * Parses a `CDN-Cache-Control` header: the directives for shared caches, in place of `Cache-Control` and `Expires` (RFC
 * 9213). `undefined` for an absent or empty header and for one that is no structured field: it then counts as absent.
 */
export function parseCdnCacheControl(header: string | undefined): CacheDirectives | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const directives = new Map<string, (string | true)[]>();
  for (const member of header.split(',')) {
    const [, name, value] = MEMBER.exec(member) ?? [];
    if (name === undefined || (value !== undefined && !ITEM.test(value))) return undefined;
    if (SECONDS.has(name) && !INTEGER.test(value ?? '')) return undefined;
    // Of several members of one name the last one counts (RFC 9651 4.2.2).
    directives.set(name, [value ?? true]);
  }
  for (const [name, [value]] of directives) if (value === '?0') directives.delete(name);
  return directives;
}
