/** Directives of a `Cache-Control` header: names in lower case; those without a value are `true`. */
export type CacheDirectives = ReadonlyMap<string, string | true>;

const NONE: CacheDirectives = new Map();

/** Reads a `Cache-Control` header (RFC 9111 5.2). What can't be read is left out. */
export function parseCacheControl(header: string | undefined): CacheDirectives {
  if (header === undefined) return NONE;
  const directives = new Map<string, string | true>();
  for (const [, name, quoted, token] of header.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;]+)))?/g)) {
    if (name) directives.set(name.toLowerCase(), quoted ?? token ?? true);
  }
  return directives;
}

/** How long a shared cache may keep a response by its own `s-maxage` or `max-age`, ms; `undefined` where it does not say. */
export function sharedMaxAgeMs(directives: CacheDirectives): number | undefined {
  const seconds = Number(directives.get('s-maxage') ?? directives.get('max-age'));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
