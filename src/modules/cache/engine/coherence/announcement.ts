import type { LogBody, LogEntry } from '../ports/invalidation-log.js';
import { isLogId } from '../versions/log-id.js';
import { isVersion, type Version } from '../versions/version.js';

/**
 * What travels over the bus:
 *
 * - an invalidation, as the array `[partition, ms and sequence of the id before, ms since then, sequence unless 0, body]`, with
 *   the body as in the log: `{ s: source, k: keys, t?: [[id, version]], r?: 1, x?: 1, n?: tombstoneSequence }`;
 *   of earlier versions also `{ v: 1, p: partition, id, prev, b: body }`.
 *
 * The others have the shape of a Nest event (`{ pattern, data }`, of which this is `data`):
 *
 * - a wake-up, which is not in the log: `{ v: 1, w: keys }`: a leased slot was filled or released;
 * - tombstones, which are not in the log either: `{ v: 1, s: source, a: keys, d: ids, n: tombstoneSequence }`: keys, tags and
 *   generations that the source could not invalidate because Redis refuses writes;
 * - a request for tombstones, `{ v: 1, q: source }`: every instance with a filled outbox repeats its tombstones.
 */
export type Announcement =
  | { readonly kind: 'invalidation'; readonly partition: number; readonly entry: LogEntry }
  | { readonly kind: 'wake'; readonly keys: readonly string[] }
  | {
      readonly kind: 'tombstones';
      readonly source: string;
      readonly tombstoneSequence: number;
      readonly keys: readonly string[];
      readonly dependencies: readonly string[];
    }
  | { readonly kind: 'tombstone-request'; readonly source: string };

/** Version of the wire format. Messages of other versions are ignored, and the gap makes the receiver read the log. */
export const WIRE_VERSION = 1;

/** Version of keys, log and announcements together. Instances of different versions do not share one namespace. */
export const PROTOCOL_VERSION = 2;

/** A message with more items is not one of Larder's. */
const MAX_ITEMS = 20_000;

/** Reads a message from outside; `undefined` for a foreign one. */
export function parseAnnouncement(raw: unknown): Announcement | undefined {
  if (Array.isArray(raw)) return parseInvalidation(raw);
  if (!isRecord(raw) || raw['v'] !== WIRE_VERSION) return undefined;
  if (isTexts(raw['w'])) return { kind: 'wake', keys: raw['w'] };
  if (typeof raw['q'] === 'string') return { kind: 'tombstone-request', source: raw['q'] };
  if (typeof raw['s'] === 'string' && isTexts(raw['a']) && isTexts(raw['d']))
    return {
      kind: 'tombstones',
      source: raw['s'],
      tombstoneSequence: toCount(raw['n']),
      keys: raw['a'],
      dependencies: raw['d'],
    };
  const { p: partition, id, prev: previous, b } = raw;
  const body = parseBody(b);
  if (body === undefined || !isLogId(id) || !isLogId(previous)) return undefined;
  if (typeof partition !== 'number' || !Number.isInteger(partition) || partition < 0) return undefined;
  return { kind: 'invalidation', partition, entry: { id, previous, body } };
}

function parseInvalidation(raw: readonly unknown[]): Announcement | undefined {
  const body = parseBody(raw.at(-1));
  const numbers = raw.slice(0, -1);
  if (body === undefined || numbers.length < 4 || numbers.length > 5 || !numbers.every(isCount)) return undefined;
  const [partition, previousMs, previousSequence, laterMs, sequence = 0] = numbers as [
    number,
    number,
    number,
    number,
    number?,
  ];
  const id = `${previousMs + laterMs}-${sequence}`;
  return { kind: 'invalidation', partition, entry: { id, previous: `${previousMs}-${previousSequence}`, body } };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Reads the body of an entry as it stands in the log. */
export function parseLogBody(text: string): LogBody | undefined {
  try {
    return parseBody(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parseBody(raw: unknown): LogBody | undefined {
  if (!isRecord(raw)) return undefined;
  const { s: source, k: keys = [], t: versions = [], r, x, n } = raw;
  if (typeof source !== 'string' || !isTexts(keys) || !isVersions(versions)) return undefined;
  return { source, keys, versions, isReset: r === 1, isExpiry: x === 1, tombstoneSequence: toCount(n) };
}

function toCount(raw: unknown): number {
  return typeof raw === 'number' && Number.isSafeInteger(raw) && raw > 0 ? raw : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_ITEMS && value.every((item) => typeof item === 'string');
}

function isVersions(value: unknown): value is [string, Version][] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_ITEMS &&
    value.every((item) => Array.isArray(item) && item.length === 2 && typeof item[0] === 'string' && isVersion(item[1]))
  );
}
