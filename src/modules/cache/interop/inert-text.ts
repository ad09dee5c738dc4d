import { decodePayload, encodePayload, isPayloadCodec } from '../codec/payload-codec.js';

/**
 * Marks text of ours. What follows is a codec's number and base64url: no character of a value is left for a parser to
 * find meaning in. Telejson, inside cache-manager-ioredis-yet, runs strings that begin with `_function_`, and rewrites
 * those that begin with `_date_`, `_symbol_` and the like.
 */
const TEXT = /^larder:(\d):([\w-]*)$/;

/** The same as telejson writes it in Redis. Nothing else may reach its parser. */
const STORED = /^"larder:\d:[\w-]*"$/;

/** Text that comes back as the same value. `undefined` for values above `maxBytes`. @throws TypeError for functions and the like. */
export function toInertText(value: unknown, maxBytes: number): string | undefined {
  const payload = encodePayload(value, maxBytes);
  return payload && `larder:${payload.codec}:${payload.bytes.toString('base64url')}`;
}

/** The value of text made by {@link toInertText}; `undefined` for any other. */
export function fromInertText(text: string): unknown {
  const match = TEXT.exec(text);
  const codec = Number(match?.[1]);
  if (!match || !isPayloadCodec(codec)) return undefined;
  try {
    return decodePayload(codec, Buffer.from(match[2] ?? '', 'base64url'), 0);
  } catch {
    return undefined;
  }
}

/** Whether bytes in Redis are text of ours, as telejson wrote it. */
export function isInertStored(raw: string | null): raw is string {
  return raw !== null && STORED.test(raw);
}
