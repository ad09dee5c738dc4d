import { crc32 } from 'node:zlib';
import { checksumOf } from './checksum.js';
import type { ClassSerializers } from './class-serializers.js';
import { compress, decompress, uncompressedLength } from './compression.js';
import { dependenciesLength, readDependencies, writeDependencies } from './dependencies.js';
import type { CodecLimits, EntrySlot, EnvelopeHeader, Slot, UnreadableReason } from './envelope.types.js';
import { decodePayload, encodePayload, isPayloadCodec, PayloadCodec } from './payload-codec.js';
import { UnreadableError } from './unreadable.error.js';

const ENTRY_MAGIC = 0xea;
const LEASE_MAGIC = 0x4c;
/** Version of the envelope that entries are written in. */
export const ENVELOPE_VERSION = 2;
/** Had crc32 for its checksum, and is the same else. */
const FIRST_VERSION = 1;

/** Offsets of the layout in `envelope.types.ts`. */
const enum At {
  Magic = 0,
  Version = 1,
  Codec = 2,
  Flags = 3,
  Checksum = 4,
  Lease = 8,
  FreshUntil = 32,
  StoredAt = 40,
  StaleUntil = 48,
  Load = 56,
  DependenciesLength = 60,
  Dependencies = 64,
}

const enum Flag {
  Compressed = 1,
  Absent = 2,
  Expired = 8,
}

/** What lies from here to the end is covered by the checksum. */
const CHECKED = At.FreshUntil;
const LEASE_LENGTH = 18;
const MAX_U32 = 0xffff_ffff;

/** What precedes the dependencies of the entry that is being written: its lease area stays empty. */
const headBytes = new Uint8Array(At.Dependencies);
const head = new DataView(headBytes.buffer);
head.setUint8(At.Magic, ENTRY_MAGIC);
head.setUint8(At.Version, ENVELOPE_VERSION);

/**
 * A slot's bytes: the value, or its remembered absence, with when it was stored and what it depends on, and an empty
 * lease area.
 *
 * @returns `undefined` when the encoded value is larger than `limits.maxValueBytes`.
 * @throws UnstorableValueError naming the path of something in `value` that can't be stored (see `encodePayload`); RangeError for
 *   dependencies the layout has no room for.
 */
export function encodeEntry(header: EnvelopeHeader, value: unknown, limits: CodecLimits): Buffer | undefined {
  const dependencies = dependenciesLength(header);
  const payloadStart = At.Dependencies + dependencies;
  const payload = header.isAbsent
    ? { codec: PayloadCodec.Json, bytes: Buffer.allocUnsafe(payloadStart) }
    : encodePayload(value, limits.maxValueBytes, payloadStart, limits.classes);
  if (!payload) return undefined;
  const compressed =
    payload.bytes.length - payloadStart >= limits.compressAboveBytes
      ? compress(payload.bytes, payloadStart)
      : undefined;
  const bytes = compressed ?? payload.bytes;
  head.setUint8(At.Codec, payload.codec);
  head.setUint8(At.Flags, (compressed ? Flag.Compressed : 0) | (header.isAbsent ? Flag.Absent : 0));
  head.setFloat64(At.FreshUntil, header.freshUntilMs, true);
  head.setFloat64(At.StoredAt, header.storedAtMs, true);
  head.setFloat64(At.StaleUntil, header.staleUntilMs, true);
  head.setUint32(At.Load, Math.min(Math.max(0, Math.round(header.loadMs)), MAX_U32), true);
  head.setUint32(At.DependenciesLength, dependencies, true);
  bytes.set(headBytes);
  writeDependencies(header, bytes, At.Dependencies);
  bytes.writeUInt32LE(checksumOf(bytes, CHECKED, seedOf(bytes)), At.Checksum);
  return bytes;
}

/** What {@link decodeSlot} will say is the size of an entry that {@link encodeEntry} made: the payload before compression. */
export function entrySizeBytes(bytes: Buffer): number {
  const payloadStart = At.Dependencies + bytes.readUInt32LE(At.DependenciesLength);
  if (((bytes[At.Flags] as number) & Flag.Compressed) === 0) return bytes.length;
  return payloadStart + uncompressedLength(bytes.subarray(payloadStart))!;
}

/**
 * What the bytes of a slot are. Never throws, whatever they are, and leaves the payload alone until it is asked for.
 * The result looks at `bytes`, which may be memory that the next read from a socket overwrites.
 */
export function decodeSlot(bytes: Buffer, limits: Pick<CodecLimits, 'maxValueBytes' | 'classes'>): Slot {
  if (bytes[At.Magic] !== ENTRY_MAGIC) return decodeOther(bytes);
  if (bytes.length < At.Dependencies) return unreadable('truncated');
  const version = bytes[At.Version] as number;
  if (version !== ENVELOPE_VERSION && version !== FIRST_VERSION)
    return unreadable(version > ENVELOPE_VERSION ? 'newer-version' : 'foreign');
  const seed = seedOf(bytes);
  const sum = version === ENVELOPE_VERSION ? checksumOf(bytes, CHECKED, seed) : crc32(bytes.subarray(CHECKED), seed);
  if (sum !== bytes.readUInt32LE(At.Checksum)) return unreadable('checksum');
  const codec = bytes[At.Codec] as number;
  if (!isPayloadCodec(codec)) return unreadable('unknown-codec');

  const payloadStart = At.Dependencies + bytes.readUInt32LE(At.DependenciesLength);
  if (payloadStart > bytes.length) return unreadable('truncated');
  const dependencies = readDependencies(bytes, At.Dependencies, payloadStart);
  if (!dependencies) return unreadable('truncated');

  const flags = bytes[At.Flags] as number;
  const isCompressed = (flags & Flag.Compressed) !== 0;
  const length = isCompressed ? uncompressedLength(bytes.subarray(payloadStart)) : bytes.length - payloadStart;
  if (length === undefined) return unreadable('truncated');
  if (length > limits.maxValueBytes) return unreadable('too-large');
  const storedAtMs = bytes.readDoubleLE(At.StoredAt);
  const header: EnvelopeHeader = {
    storedAtMs,
    freshUntilMs: (flags & Flag.Expired) === 0 ? bytes.readDoubleLE(At.FreshUntil) : storedAtMs,
    staleUntilMs: bytes.readDoubleLE(At.StaleUntil),
    loadMs: bytes.readUInt32LE(At.Load),
    isAbsent: (flags & Flag.Absent) !== 0,
    generations: dependencies.generations,
    tags: dependencies.tags,
  };
  return new StoredEntry(header, payloadStart + length, bytes, payloadStart, codec, isCompressed, limits.classes);
}

/** An entry whose envelope was read and whose payload was not, yet. */
class StoredEntry implements EntrySlot {
  readonly kind = 'entry';

  constructor(
    readonly header: EnvelopeHeader,
    readonly sizeBytes: number,
    private readonly bytes: Buffer,
    private readonly payloadStart: number,
    private readonly codec: PayloadCodec,
    private readonly isCompressed: boolean,
    private readonly classes: ClassSerializers | undefined,
  ) {}

  kept(): EntrySlot {
    const { header, sizeBytes, bytes, payloadStart, codec, isCompressed, classes } = this;
    return new StoredEntry(header, sizeBytes, Buffer.from(bytes), payloadStart, codec, isCompressed, classes);
  }

  value(): unknown {
    if (this.header.isAbsent) return undefined;
    try {
      return this.isCompressed
        ? decodePayload(this.codec, decompress(this.bytes.subarray(this.payloadStart)), 0, this.classes)
        : decodePayload(this.codec, this.bytes, this.payloadStart, this.classes);
    } catch {
      // Without the cause: JSON.parse quotes the text that it could not read, and that text is a user's data.
      throw new UnreadableError('payload');
    }
  }
}

function decodeOther(bytes: Buffer): Slot {
  if (bytes.length === 0) return unreadable('truncated');
  return bytes[0] === LEASE_MAGIC && bytes.length === LEASE_LENGTH ? { kind: 'lease' } : unreadable('foreign');
}

function unreadable(reason: UnreadableReason): Slot {
  return { kind: 'unreadable', reason };
}

/** Codec and flags lie before the checked part, among what scripts write; they seed the checksum instead. */
function seedOf(bytes: Buffer): number {
  return (bytes[At.Codec] as number) + ((bytes[At.Flags] as number) & (Flag.Compressed | Flag.Absent)) * 0x100;
}
