/** Directives of a `Cache-Control` header: names in lower case, the values of each; a directive without a value has `true`. */
export type CacheDirectives = ReadonlyMap<string, readonly (string | true)[]>;

const NONE: CacheDirectives = new Map();

/** A list member: characters other than commas, and quoted texts. */
const MEMBER = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const DIRECTIVE = /^([^\s=]+)(?:(\s*=\s*)([\s\S]*))?$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;

/** Parses a `Cache-Control` header (RFC 9111 5.2). */
export function parseCacheControl(header: string | undefined): CacheDirectives {
  if (header === undefined || header === '') return NONE;
  const directives = new Map<string, (string | true)[]>();
  for (const [member] of header.matchAll(MEMBER)) {
    const [, name, equals, value = ''] = DIRECTIVE.exec(member.trim()) ?? [];
    if (!name) continue;
    const text = equals === undefined ? true : (QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? value);
    const values = directives.get(name.toLowerCase()) ?? [];
    directives.set(name.toLowerCase(), [...values, text]);
  }
  return directives;
}

/**
 * The seconds of a directive; `undefined` when it is absent. Of several values the smallest counts, and an invalid one
 * (`-1`, `60s`) is 0: a response whose freshness is unclear is stale (RFC 9111 4.2.1).
 */
export function secondsOf(directives: CacheDirectives, name: string): number | undefined {
  const values = directives.get(name);
  if (values === undefined) return undefined;
  return Math.min(...values.map((value) => (value !== true && /^\d+$/.test(value) ? Number(value) : 0)));
}
