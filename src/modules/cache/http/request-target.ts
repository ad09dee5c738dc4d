import type { FastifyRequest } from 'fastify';
import type { RouteSettings } from './route-settings.js';

/** The target of a request in one spelling. */
export interface RequestTarget {
  readonly host: string | undefined;
  /** Path and query. Two spellings of the same characters give the same text. */
  readonly url: string;
}

const ABSOLUTE = /^https?:\/\/([^/?#\\@]+)([^#]*)$/i;

/**
 * The target without the ignored query parameters. In the absolute form of a request line its host replaces that of the
 * `Host` header (RFC 9112 3.2.2). `undefined` for another form.
 */
export function targetOf(
  route: Pick<RouteSettings, 'ignoredQuery' | 'isQuerySorted'>,
  request: Pick<FastifyRequest, 'raw'>,
): RequestTarget | undefined {
  const given = request.raw.url ?? '/';
  const absolute = given.startsWith('/') ? undefined : ABSOLUTE.exec(given);
  if (!given.startsWith('/') && !absolute) return undefined;
  const local = absolute ? (absolute[2] ?? '') : given;
  const at = local.indexOf('?');
  const path = canonicalPath(at < 0 ? local : local.slice(0, at));
  const query = at < 0 ? '' : canonicalQuery(route, local.slice(at + 1));
  return {
    host: absolute ? absolute[1] : hostOf(request),
    url: query === '' ? path : `${path}?${query}`,
  };
}

/** The host that a client names: in HTTP/2 by a pseudo-header. */
export function hostOf({ raw }: Pick<FastifyRequest, 'raw'>): string | undefined {
  return raw.headers.host ?? raw.headers[':authority']?.toString();
}

/** A path in one spelling: `/item/%32` and `/item/2` are the same. */
export function canonicalPath(path: string): string {
  const segments = path.split('/').map((segment) => encode(decode(segment)));
  return segments.length > 1 ? segments.join('/') : `/${segments[0]}`;
}

function canonicalQuery(
  { ignoredQuery, isQuerySorted }: Pick<RouteSettings, 'ignoredQuery' | 'isQuerySorted'>,
  query: string,
): string {
  const pairs: [name: string, value: string][] = [];
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    const decoded = decodeQuery(name);
    if (!ignoredQuery?.test(decoded)) pairs.push([decoded, decodeQuery(value)]);
  }
  if (isQuerySorted) pairs.sort(([left], [right]) => (left < right ? -1 : Number(left > right)));
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

function decodeQuery(text: string): string {
  return decode(text.replaceAll('+', ' '));
}

/** The characters of a text in percent-encoding; a text that is no such encoding stays as it is. */
function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As `encodeURIComponent`, but readable where a character needs no encoding in a path and in a query. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(?:3A|40|24|2C)/g, decodeURIComponent);
}
