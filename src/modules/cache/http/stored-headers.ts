/**
 * Headers of one connection (RFC 9110 7.6.1, RFC 9111 3.1), one request or one variant. `set-cookie` is for one client;
 * `date` is kept, because it says when the response was made.
 */
const UNSTORED = new Set([
  ...[
    'connection',
    'keep-alive',
    'transfer-encoding',
    'trailer',
    'te',
    'upgrade',
    'content-length',
    'proxy-connection',
  ],
  ...['proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization', 'set-cookie'],
  ...['age', 'cache-status', 'etag', 'x-request-id', 'server-timing', 'traceparent', 'x-response-time'],
]);

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// oxlint-disable-next-line no-control-regex -- a tab is allowed in a value
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A header of a stored response: the name in lower case, and the value. */
export type StoredHeader = readonly [name: string, value: string];

/** The headers that are stored with a response. Those that its `Connection` header names are of one connection too. */
export function storedHeaders(headers: readonly StoredHeader[]): StoredHeader[] {
  const named = headers
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','));
  const unstored = new Set(named.map((name) => name.trim()));
  return headers.filter(([name]) => !UNSTORED.has(name) && !unstored.has(name));
}

/** Whether it may be part of a stored response: a name and a value that can be sent. */
export function isStoredHeader(header: unknown): header is StoredHeader {
  if (!Array.isArray(header) || header.length !== 2) return false;
  const [name, value] = header as unknown[];
  return typeof name === 'string' && NAME.test(name) && !UNSTORED.has(name) && isHeaderValue(value);
}

export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}
