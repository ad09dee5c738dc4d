import { decodePayload, encodePayload, isPayloadCodec } from '../codec/payload-codec.js';

/**
 * The prefix marks a string written here. A codec number and base64url follow, so a value contributes no character that a
 * parser could interpret. Telejson, inside cache-manager-ioredis-yet, turns strings that begin with `_function_` into
 * functions, and rewrites strings that begin with `_date_`, `_symbol_` and similar markers.
 */
const TEXT = /^larder:(\d):([\w-]*)$/;

/** The same string as telejson writes it to Redis. No other string may reach its parser. */
const STORED = /^"larder:\d:[\w-]*"$/;

/** A string that {@link fromSafeString} turns back into the value. `undefined` for values above `maxBytes`. @throws TypeError for a value no codec takes, such as a function. */
export function toSafeString(value: unknown, maxBytes: number): string | undefined {
  const payload = encodePayload(value, maxBytes);
  return payload && `larder:${payload.codec}:${payload.bytes.toString('base64url')}`;
}

/** The value of a string that {@link toSafeString} made; `undefined` for any other string. */
export function fromSafeString(text: string): unknown {
  const match = TEXT.exec(text);
  const codec = Number(match?.[1]);
  if (!match || !isPayloadCodec(codec)) return undefined;
  try {
    return decodePayload(codec, Buffer.from(match[2] ?? '', 'base64url'), 0);
  } catch {
    return undefined;
  }
}

/** Whether a string in Redis was made by {@link toSafeString} and written by telejson. */
export function isStoredSafeString(raw: string | null): raw is string {
  return raw !== null && STORED.test(raw);
}
