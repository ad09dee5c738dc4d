import { CODINGS, type Coding } from './content-coding.js';
import { isHeaderValue, isStoredHeader, type StoredHeader } from './stored-headers.js';

/** A response in the form in which it is stored: the output of handler and serializer, and its compressed variants. */
export interface StoredResponse {
  readonly status: number;
  /** Names in lower case. Headers of one connection, one request or one variant are left out. */
  readonly headers: readonly StoredHeader[];
  /** Of the plain bytes. */
  readonly entityTag: string;
  /** When the handler produced it, ms since the epoch. */
  readonly madeAtMs: number;
  readonly body: Buffer;
  readonly variants: Readonly<Partial<Record<Coding, Buffer>>>;
}

interface Head extends Pick<StoredResponse, 'status' | 'headers' | 'entityTag' | 'madeAtMs'> {
  /** Lengths of the plain bytes and of each variant, in the order of {@link CODINGS}; 0 where there is none. */
  readonly lengths: readonly number[];
}

const VERSION = 1;
/** u8 version, u32 length of the head. */
const PREFIX_BYTES = 5;

/** One buffer: prefix, head as JSON, plain bytes, variants. Stored raw, so a hit decodes only the head, once. */
export function packResponse({ body, variants, ...rest }: StoredResponse): Buffer {
  const parts = [body, ...CODINGS.map((coding) => variants[coding] ?? Buffer.alloc(0))];
  const lengths = parts.map((part) => part.length);
  const json = Buffer.from(JSON.stringify({ ...rest, lengths } satisfies Head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(VERSION);
  prefix.writeUInt32LE(json.length, 1);
  return Buffer.concat([prefix, json, ...parts]);
}

const unpacked = new WeakMap<Uint8Array, StoredResponse>();

/**
 * The response in a value made by {@link packResponse}, without copying; `undefined` for any other value, whatever it is:
 * bytes of another format version, a forged head, a text.
 */
export function unpackResponse(packed: unknown): StoredResponse | undefined {
  if (!(packed instanceof Uint8Array)) return undefined;
  const known = unpacked.get(packed);
  if (known) return known;
  const response = unpack(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength));
  if (response) unpacked.set(packed, response);
  return response;
}

function unpack(bytes: Buffer): StoredResponse | undefined {
  if (bytes.length < PREFIX_BYTES || bytes.readUInt8() !== VERSION) return undefined;
  const bodyAt = PREFIX_BYTES + bytes.readUInt32LE(1);
  const head = parseJson(bytes.toString('utf8', PREFIX_BYTES, bodyAt));
  if (!isHead(head) || head.lengths.reduce((sum, length) => sum + length, bodyAt) !== bytes.length) return undefined;
  const { status, headers, entityTag, madeAtMs, lengths } = head;
  let at = bodyAt;
  const [body = bytes.subarray(0, 0), ...others] = lengths.map((length) => bytes.subarray(at, (at += length)));
  const variants = Object.fromEntries(CODINGS.flatMap((coding, i) => (others[i]?.length ? [[coding, others[i]]] : [])));
  return { status, headers, entityTag, madeAtMs, body, variants };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers, entityTag, madeAtMs, lengths } = value as Record<string, unknown>;
  return (
    isWithin(status, 200, 599) &&
    Array.isArray(headers) &&
    headers.every(isStoredHeader) &&
    isHeaderValue(entityTag) &&
    Number.isFinite(madeAtMs) &&
    Array.isArray(lengths) &&
    lengths.length === 1 + CODINGS.length &&
    lengths.every((length) => isWithin(length, 0, Number.MAX_SAFE_INTEGER))
  );
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
