import type { IncomingHttpHeaders } from 'node:http';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The part of a request that shows where it came from. */
export interface RequestOrigin {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Whether a request that may change state was made by a page of another origin, so that its cookies prove nothing (CSRF).
 * The algorithm of Go's `net/http.CrossOriginProtection`: browsers send `Sec-Fetch-Site`, older ones at least `Origin`. A
 * client that sends neither is no browser, so no page can have misused it. `app.enableCsrfProtection()` of Nest does the
 * same for every route; the session cookie is protected without that call.
 *
 * @param trustedOrigins pages of these may send the cookie, as `https://app.example.com`.
 */
export function isCrossSite({ method, headers }: RequestOrigin, trustedOrigins: readonly string[]): boolean {
  if (SAFE_METHODS.has(method ?? '')) return false;
  const { origin } = headers;
  if (origin !== undefined && trustedOrigins.includes(origin)) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && hostOf(origin) !== headers.host?.toLowerCase();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
