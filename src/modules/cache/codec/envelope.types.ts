import type { ClassSerializers } from './class-serializers.js';

/**
 * What a slot in Redis holds. A slot is one string key: either an entry (with room for a lease beside its value, so that
 * a stale value can be kept while one instance reloads it) or a bare lease.
 *
 * Entry, little-endian; the lease area is outside the checksum because scripts write it in place:
 *
 * | offset | type | field |
 * |---|---|---|
 * | 0 | u8 | magic 0xEA |
 * | 1 | u8 | envelope version, 2 (1 is read as well) |
 * | 2 | u8 | payload codec (`PayloadCodec`) |
 * | 3 | u8 | flags: 1 compressed, 2 absent (a remembered miss), 4 a waiter asks to be woken, 8 expired: stale whatever `fresh until` says |
 * | 4 | u32 | lower half of XXH64 (in version 1 crc32) of bytes 32 to the end, its seed codec + 256 × (flags & 3), so that those are covered too |
 * | 8 | 16 bytes | lease token, zeros when there is none |
 * | 24 | f64 | lease deadline, ms of Redis time |
 * | 32 | f64 | fresh until, ms of Redis time (scripts read it) |
 * | 40 | f64 | stored at, ms of Redis time |
 * | 48 | f64 | stale until, ms of Redis time |
 * | 56 | u32 | load duration δ, ms (for early refresh) |
 * | 60 | u32 | length of the dependency section in bytes |
 * | 64 | … | dependencies |
 * | … | … | payload |
 *
 * Dependencies: u8 count of namespace generations, each a 24-byte ASCII version, outermost first; u32 count of tags,
 * each u16 byte length, UTF-8 name, 24-byte ASCII version. A version is 12 base64url characters for invalidation
 * (hard) and 12 for expiry (soft). An entry that depends on nothing has no such section at all.
 *
 * Payload: as `PayloadCodec` says. A compressed one is a u32, the length of what it was made from, and a Brotli stream.
 *
 * Bare lease: u8 0x4C, u8 flags (4 as above), 16 bytes token.
 */
export interface EnvelopeHeader {
  /** ms of Redis time. */
  storedAtMs: number;
  /** ms of Redis time; `Infinity` allowed. */
  freshUntilMs: number;
  /** ms of Redis time; `Infinity` allowed. */
  staleUntilMs: number;
  /** How long the loader took, ms. */
  loadMs: number;
  /** The loader said there is nothing; the payload is empty. */
  isAbsent: boolean;
  /** 24-character versions of the namespace's generations, outermost first. */
  generations: readonly string[];
  /** Tags with the 24-character versions they had before the load. */
  tags: readonly TagVersion[];
}

/** A tag and the version an entry was stored under. */
export interface TagVersion {
  readonly tag: string;
  /** 12 characters hard + 12 characters soft. */
  readonly version: string;
}

/** Why bytes were not an entry. */
export type UnreadableReason =
  | 'truncated'
  | 'foreign'
  | 'newer-version'
  | 'checksum'
  | 'unknown-codec'
  | 'too-large'
  | 'payload';

/** A slot that holds an entry. Good for the tick in which it was read; who looks at it later keeps it by {@link kept}. */
export interface EntrySlot {
  readonly kind: 'entry';
  readonly header: EnvelopeHeader;
  /** Bytes of envelope and payload, the payload counted before compression: about what the value takes in memory. */
  readonly sizeBytes: number;
  /**
   * Decodes the payload, anew at each call. `undefined` for a remembered absence.
   *
   * @throws UnreadableError when the bytes pass the checksum and still are no value of this version.
   */
  value(): unknown;
  /** The same, with memory of its own. */
  kept(): EntrySlot;
}

/** A slot read from Redis. */
export type Slot =
  | EntrySlot
  | { readonly kind: 'lease' }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/** Limits while encoding and decoding. */
export interface CodecLimits {
  /** Encoded payloads above this are not stored; decompression stops at it. Default 64 MiB. */
  maxValueBytes: number;
  /** Compress payloads at or above this size; `Infinity` never. */
  compressAboveBytes: number;
  /** Classes whose instances come back as instances. Default: those decorated with `@CacheSerializable()`. */
  classes?: ClassSerializers;
}
