import { CODINGS, type Coding } from './content-coding.js';

/** A response in the form in which it is stored: the output of handler and serializer, and its compressed variants. */
export interface StoredResponse {
  readonly status: number;
  /** Names in lower case. Headers of one connection, one request or one variant are left out. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of the plain bytes. */
  readonly entityTag: string;
  /** When the handler produced it, ms since the epoch. */
  readonly madeAtMs: number;
  readonly body: Buffer;
  readonly variants: Readonly<Partial<Record<Coding, Buffer>>>;
}

interface Head {
  readonly status: number;
  readonly headers: StoredResponse['headers'];
  readonly entityTag: string;
  readonly madeAtMs: number;
  /** Lengths of the plain bytes and of each variant, in the order of {@link CODINGS}; 0 where there is none. */
  readonly lengths: readonly number[];
}

const VERSION = 1;
/** u8 version, u32 length of the head. */
const PREFIX_BYTES = 5;

/** One buffer: prefix, head as JSON, plain bytes, variants. Stored raw, so a hit decodes only the head, once. */
export function packResponse({ body, variants, ...head }: StoredResponse): Buffer {
  const parts = [body, ...CODINGS.map((coding) => variants[coding] ?? Buffer.alloc(0))];
  const json = Buffer.from(JSON.stringify({ ...head, lengths: parts.map((part) => part.length) } satisfies Head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt8(VERSION);
  prefix.writeUInt32LE(json.length, 1);
  return Buffer.concat([prefix, json, ...parts]);
}

const unpacked = new WeakMap<Uint8Array, StoredResponse>();

/** The response in a buffer made by {@link packResponse}, without copying; `undefined` for another format version. */
export function unpackResponse(packed: Uint8Array): StoredResponse | undefined {
  const known = unpacked.get(packed);
  if (known) return known;
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  if (bytes.length < PREFIX_BYTES || bytes.readUInt8() !== VERSION) return undefined;
  const bodyAt = PREFIX_BYTES + bytes.readUInt32LE(1);
  const { lengths, ...head } = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, bodyAt)) as Head;
  let at = bodyAt;
  const [body = bytes.subarray(0, 0), ...others] = lengths.map((length) => bytes.subarray(at, (at += length)));
  const variants = Object.fromEntries(CODINGS.flatMap((coding, i) => (others[i]?.length ? [[coding, others[i]]] : [])));
  const response = { ...head, body, variants };
  unpacked.set(packed, response);
  return response;
}
