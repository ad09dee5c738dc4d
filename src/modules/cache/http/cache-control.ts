/** Directives of a `Cache-Control` header: names in lower case; those without a value are `true`. */
export type CacheDirectives = ReadonlyMap<string, string | true>;

const NONE: CacheDirectives = new Map();

/** Parses a `Cache-Control` header (RFC 9111 5.2). Invalid parts are ignored. */
export function parseCacheControl(header: string | undefined): CacheDirectives {
  if (header === undefined) return NONE;
  const directives = new Map<string, string | true>();
  for (const [, name, quoted, token] of header.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;]+)))?/g)) {
    if (name) directives.set(name.toLowerCase(), quoted ?? token ?? true);
  }
  return directives;
}

/** How long a shared cache may store a response by its `s-maxage` or `max-age`, ms; `undefined` when it has neither. */
export function sharedMaxAgeMs(directives: CacheDirectives): number | undefined {
  const seconds = Number(directives.get('s-maxage') ?? directives.get('max-age'));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
