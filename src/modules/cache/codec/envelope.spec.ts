import { createHash } from 'node:crypto';
import { decodeSlot, encodeEntry } from './envelope.js';
import type { CodecLimits, EntrySlot, EnvelopeHeader } from './envelope.types.js';

const limits: CodecLimits = { maxValueBytes: 1_000_000, compressAboveBytes: Number.POSITIVE_INFINITY };
const version = (character: string): string => character.repeat(24);
const header: EnvelopeHeader = {
  storedAtMs: 1_763_900_000_000.25,
  freshUntilMs: 1_763_900_060_000,
  staleUntilMs: Number.POSITIVE_INFINITY,
  loadMs: 42,
  isAbsent: false,
  generations: [version('r'), version('c')],
  tags: [
    { tag: 'product:42', version: version('p') },
    { tag: 'größe/大', version: version('g') },
    { tag: '', version: version('e') },
  ],
};

function encode(value: unknown, changes: Partial<EnvelopeHeader> = {}, limit: Partial<CodecLimits> = {}): Buffer {
  const bytes = encodeEntry({ ...header, ...changes }, value, { ...limits, ...limit });
  if (!bytes) throw new Error('too large');
  return bytes;
}

function decodeEntry(bytes: Buffer): EntrySlot {
  const slot = decodeSlot(bytes, limits);
  if (slot.kind !== 'entry') throw new Error(JSON.stringify(slot));
  return slot;
}

describe('the envelope of an entry', () => {
  it('keeps times, generations and tags', () => {
    const slot = decodeEntry(encode({ name: 'lamp' }));
    expect(slot.header).toEqual(header);
    expect(slot.value()).toEqual({ name: 'lamp' });
  });

  it('keeps an entry that depends on nothing, with no room spent on it', () => {
    const bytes = encode('v', { generations: [], tags: [] });
    expect(bytes.length).toBe(64 + '"v"'.length);
    expect(decodeEntry(bytes).header).toMatchObject({ generations: [], tags: [] });
  });

  it('keeps thousands of tags', () => {
    const tags = Array.from({ length: 5_000 }, (_, index) => ({ tag: `tag:${index}`, version: version('t') }));
    expect(decodeEntry(encode(1, { tags })).header.tags).toEqual(tags);
  });

  it('tells a remembered absence from a cached undefined', () => {
    const absent = decodeEntry(encode('ignored', { isAbsent: true }));
    expect([absent.header.isAbsent, absent.value()]).toEqual([true, undefined]);
    const present = decodeEntry(encode(undefined));
    expect([present.header.isAbsent, present.value()]).toEqual([false, undefined]);
  });

  it('puts the fields that scripts read and write where they expect them', () => {
    const bytes = encode('v');
    expect([...bytes.subarray(0, 2)]).toEqual([0xea, 2]);
    expect(bytes.subarray(8, 32)).toEqual(Buffer.alloc(24));
    expect(bytes.readDoubleLE(32)).toBe(header.freshUntilMs);
  });

  it('reads the same value while a lease is written into it and a waiter has asked to be woken', () => {
    const bytes = encode('v');
    bytes.fill(0x5a, 8, 32);
    bytes[3] = (bytes[3] as number) | 4;
    expect(decodeEntry(bytes).value()).toBe('v');
  });

  it('decodes anew at each call, so that readers share nothing', () => {
    const slot = decodeEntry(encode({ list: [1] }));
    expect(slot.value()).toEqual(slot.value());
    expect(slot.value()).not.toBe(slot.value());
  });

  it('caps a load duration that has no room', () => {
    expect(decodeEntry(encode('v', { loadMs: 1e12 })).header.loadMs).toBe(0xffff_ffff);
    expect(decodeEntry(encode('v', { loadMs: -1 })).header.loadMs).toBe(0);
  });

  it('refuses dependencies the layout has no room for', () => {
    expect(() => encode('v', { generations: ['short'] })).toThrow(RangeError);
    expect(() => encode('v', { generations: Array.from({ length: 256 }, () => version('r')) })).toThrow(RangeError);
    expect(() => encode('v', { tags: [{ tag: 'x'.repeat(65_536), version: version('t') }] })).toThrow(RangeError);
  });
});

describe('the size of an entry', () => {
  it('is bounded', () => {
    expect(encodeEntry(header, 'x'.repeat(98), { ...limits, maxValueBytes: 100 })).toBeDefined();
    expect(encodeEntry(header, 'x'.repeat(99), { ...limits, maxValueBytes: 100 })).toBeUndefined();
    expect(encodeEntry(header, Buffer.alloc(99), { ...limits, maxValueBytes: 100 })).toBeDefined();
    expect(encodeEntry(header, Buffer.alloc(100), { ...limits, maxValueBytes: 100 })).toBeUndefined();
    expect(encodeEntry(header, { '~': 'é'.repeat(40) }, { ...limits, maxValueBytes: 100 })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['an array', [1]],
    ['arrays in arrays', [[null], [[]], [['x'], [true, 2]]]],
    ['objects', { a: [{}], b: { c: [0] } }],
    ['what JSON can not say', [[-0], [undefined], [new Map([[[1], [2]]])]]],
    ['what speaks through toJSON', [{ toJSON: () => 5 }, { toJSON: () => ['x'] }]],
  ])('may be all of the bound: %s', (_, value) => {
    const length = encode(value).length - encode(null).length + 'null'.length;
    expect(encodeEntry(header, value, { ...limits, maxValueBytes: length })).toBeDefined();
    expect(encodeEntry(header, value, { ...limits, maxValueBytes: length - 1 })).toBeUndefined();
  });

  it('ignores properties that were added to every prototype', () => {
    const added = Object.assign(Object.prototype, { added: 'x'.repeat(1_000) }) as { added?: string };
    try {
      expect(encodeEntry(header, { a: 1 }, { ...limits, maxValueBytes: 7 })).toBeDefined();
    } finally {
      delete added.added;
    }
  });

  it('stops early at a value that references itself into being huge', () => {
    let value: unknown = 'x';
    for (let level = 0; level < 200; level++) value = [value, value];
    expect(encodeEntry(header, value, limits)).toBeUndefined();
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 1;
    expect(encodeEntry(header, sparse, limits)).toBeUndefined();
  });

  it('is the same to the memory tier with and without compression', () => {
    const plain = encode('x'.repeat(10_000));
    const compressed = encode('x'.repeat(10_000), {}, { compressAboveBytes: 1_000 });
    expect(compressed.length).toBeLessThan(plain.length / 10);
    expect(decodeEntry(compressed).sizeBytes).toBe(plain.length);
    expect(decodeEntry(compressed).value()).toBe('x'.repeat(10_000));
  });

  it('is not compressed below the threshold or where it would save little', () => {
    const noise = Buffer.concat(
      Array.from({ length: 128 }, (_, index) => createHash('sha256').update(`${index}`).digest()),
    );
    expect(encode(noise, {}, { compressAboveBytes: 1_000 })[3]).toBe(0);
    expect(encode('x'.repeat(100), {}, { compressAboveBytes: 1_000 })[3]).toBe(0);
  });
});

describe('bytes that are no entry', () => {
  const reasonOf = (bytes: Buffer, maxValueBytes = limits.maxValueBytes): string => {
    const slot = decodeSlot(bytes, { maxValueBytes });
    return slot.kind === 'unreadable' ? slot.reason : slot.kind;
  };
  const patched = (offset: number, byte: number): Buffer => {
    const bytes = encode({ name: 'lamp' });
    bytes[offset] = byte;
    return bytes;
  };

  it('are a lease when they are one', () => {
    expect(reasonOf(Buffer.concat([Buffer.from([0x4c, 4]), Buffer.alloc(16, 1)]))).toBe('lease');
    expect(reasonOf(Buffer.from('L'))).toBe('foreign');
  });

  it.each(['', '{"json":true}', 'OK', '\xac\xed\x00\x05'])('are told from entries: %j', (text) => {
    expect(reasonOf(Buffer.from(text, 'latin1'))).toBe(text === '' ? 'truncated' : 'foreign');
  });

  it('are named by their fault', () => {
    const bytes = encode({ name: 'lamp' });
    expect(reasonOf(bytes)).toBe('entry');
    expect(reasonOf(bytes.subarray(0, 63))).toBe('truncated');
    expect(reasonOf(bytes.subarray(0, -1))).toBe('checksum');
    expect(reasonOf(patched(1, 3))).toBe('newer-version');
    expect(reasonOf(patched(1, 1))).toBe('checksum');
    expect(reasonOf(patched(1, 0))).toBe('foreign');
    expect(reasonOf(patched(bytes.length - 1, 0))).toBe('checksum');
    expect(reasonOf(bytes, 5)).toBe('too-large');
  });

  it('are caught when the codec or a flag flipped, which lie before the checked part', () => {
    expect(reasonOf(patched(2, 1))).toBe('checksum');
    expect(reasonOf(patched(3, 1))).toBe('checksum');
    expect(reasonOf(patched(3, 2))).toBe('checksum');
  });
});
