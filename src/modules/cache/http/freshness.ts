import { type CacheDirectives, parseCacheControl, secondsOf } from './cache-control.js';
import { parseCdnCacheControl } from './cdn-cache-control.js';

/** How long a response may be used, as its own headers say (RFC 9111 4.2). */
export interface Freshness {
  readonly directives: CacheDirectives;
  /** Fresh for this long from now; 0 for a stale one. `undefined` when the headers do not say. */
  readonly ttlMs: number | undefined;
  /** The age that the response had when the handler gave it. */
  readonly ageMs: number;
  /** False if a stale copy may never be used. */
  readonly allowsStale: boolean;
}

/** Reads a header of the response; several lines are joined by commas. */
export type HeaderReader = (name: string) => string | undefined;

/** `CDN-Cache-Control` comes before `Cache-Control` and `Expires` (RFC 9213), `s-maxage` before `max-age`. */
export function freshnessOf(header: HeaderReader, nowMs: number): Freshness {
  const targeted = parseCdnCacheControl(header('cdn-cache-control'));
  const directives = targeted ?? parseCacheControl(header('cache-control'));
  const seconds = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  const lifetimeMs = seconds === undefined ? (targeted ? undefined : expiryMs(header, nowMs)) : seconds * 1_000;
  const ageMs = ageMsOf(header('age'));
  return {
    directives,
    ttlMs: lifetimeMs === undefined ? undefined : Math.max(0, lifetimeMs - ageMs),
    ageMs,
    allowsStale: !['must-revalidate', 'proxy-revalidate', 's-maxage'].some((name) => directives.has(name)),
  };
}

/** By `Expires` and the response's own `Date`; 0 for an invalid date. */
function expiryMs(header: HeaderReader, nowMs: number): number | undefined {
  const expires = header('expires');
  if (expires === undefined) return undefined;
  const atMs = parseHttpDate(expires);
  if (atMs === undefined) return 0;
  return Math.max(0, atMs - (parseHttpDate(header('date')) ?? nowMs));
}

/** The first member of `Age`; an invalid one is ignored (RFC 9111 5.1). */
function ageMsOf(header: string | undefined): number {
  return Number(/^\s*(\d+)\s*(?:,|$)/.exec(header ?? '')?.[1] ?? 0) * 1_000;
}

const DAYS = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const MONTHS = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = String.raw`\d{2}:\d{2}:\d{2}`;
/** The three forms of RFC 9110 5.6.7. */
const HTTP_DATES = [
  new RegExp(String.raw`^${DAYS}, \d{2} ${MONTHS} \d{4} ${TIME} GMT$`, 'i'),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-${MONTHS}-\d{2} ${TIME} GMT$`, 'i'),
  new RegExp(String.raw`^${DAYS} ${MONTHS} [ \d]\d ${TIME} \d{4}$`, 'i'),
];

/** Milliseconds since the epoch; `undefined` for a text that is no date of HTTP. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATES.some((form) => form.test(text))) return undefined;
  const atMs = Date.parse(
    /gmt$/i.test(text)
      ? text.replace(/-(\d{2})(?= )/, (_year, digits) => `-${fullYear(digits as string)}`)
      : `${text} GMT`,
  );
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** A year of two digits is never more than 50 years ahead (RFC 9110 5.6.7). */
function fullYear(digits: string): number {
  const year = 2000 + Number(digits);
  return year > new Date().getUTCFullYear() + 50 ? year - 100 : year;
}
