import { isDeepStrictEqual } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { checksumOf } from './checksum.js';
import { estimateSize } from './estimate-size.js';
import { decodeSlot, encodeEntry } from './envelope.js';
import type { EnvelopeHeader } from './envelope.types.js';
import { freezePlain } from './freeze-plain.js';
import { PayloadCodec } from './payload-codec.js';
import { UnreadableError } from './unreadable.error.js';
import { SEED, seededRandom } from '../../../../test/support/seeded-random.js';

const limits = { maxValueBytes: 8_000_000, compressAboveBytes: 500 };
const header: EnvelopeHeader = {
  storedAtMs: 1,
  freshUntilMs: 2,
  staleUntilMs: 3,
  loadMs: 4,
  isAbsent: false,
  generations: ['g'.repeat(24)],
  tags: [{ tag: 'a', version: 'a'.repeat(24) }],
};

/** A slot whose checksum is right and whose payload is whatever an attacker with access to Redis likes. */
function forge(codec: number, payload: Buffer, flags = 0): Buffer {
  const envelope = encodeEntry({ ...header, isAbsent: true }, undefined, limits) as Buffer;
  const bytes = Buffer.concat([envelope, payload]);
  bytes[2] = codec;
  bytes[3] = flags;
  bytes.writeUInt32LE(checksumOf(bytes, 32, codec + flags * 0x100), 4);
  return bytes;
}

const readForged = (codec: number, payload: Buffer | string, flags = 0): unknown => {
  const slot = decodeSlot(forge(codec, Buffer.from(payload as string), flags), limits);
  return slot.kind === 'entry' ? slot.value() : slot;
};

function compressed(payload: Buffer, claimedLength: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(claimedLength);
  return Buffer.concat([length, brotliCompressSync(payload, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })]);
}

describe('bytes that were damaged, 10,000 times', () => {
  const values = [{ name: 'lamp', at: new Date(0) }, 'x'.repeat(2_000), new Float32Array(32), null, undefined];
  const originals = values.map((value) => ({ value, bytes: encodeEntry(header, value, limits) as Buffer }));
  const next = seededRandom(SEED);
  const random = (below: number): number => Math.floor(next() * below);
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    'a byte changed': (bytes) => {
      const offset = random(bytes.length);
      bytes[offset] = ((bytes[offset] as number) + 1 + random(255)) & 0xff;
      return bytes;
    },
    truncated: (bytes) => bytes.subarray(0, random(bytes.length)),
    extended: (bytes) => Buffer.concat([bytes, Buffer.from([random(256)])]),
    'a stretch zeroed': (bytes) => bytes.fill(0, random(bytes.length)),
    'replaced by noise': (bytes) => Buffer.from(bytes.map(() => random(256))),
    'noise behind a right start': (bytes) =>
      Buffer.concat([bytes.subarray(0, 2), bytes.subarray(2).map(() => random(256))]),
  };

  it.each(Object.entries(damages))('%s: never throws and never gives another value', (_, damage) => {
    let unreadable = 0;
    for (let round = 0; round < 10_000 / 6; round++) {
      const original = originals[round % originals.length] as (typeof originals)[number];
      const slot = decodeSlot(damage(Buffer.from(original.bytes)), limits);
      if (slot.kind === 'unreadable') unreadable++;
      // Damage to the lease area and to flags this version does not know leaves the entry what it was.
      else if (slot.kind === 'entry' && !isDeepStrictEqual(slot.value(), original.value))
        throw new Error('another value');
    }
    expect(unreadable).toBeGreaterThan(1_000);
  });
});

describe('a forged payload', () => {
  it('is the value that the forger meant, when the bytes are well-formed', () => {
    expect(readForged(PayloadCodec.Json, '{"a":1}')).toEqual({ a: 1 });
    expect(readForged(PayloadCodec.Json, compressed(Buffer.from('"text"'), 6), 1)).toBe('text');
  });

  it.each<[string, number, Buffer | string]>([
    ['broken JSON', PayloadCodec.Json, '{"secret":'],
    ['no JSON', PayloadCodec.Json, ''],
    ['an unknown escape', PayloadCodec.EscapedJson, '{"~":"function","v":"process.exit()"}'],
    ['an escape named as an inherited method', PayloadCodec.EscapedJson, '{"~":"constructor","v":["x"]}'],
    ['an escape with nothing in it', PayloadCodec.EscapedJson, '{"~":"map"}'],
    ['a map of no pairs', PayloadCodec.EscapedJson, '{"~":"map","v":[1]}'],
    ['a set of a string', PayloadCodec.EscapedJson, '{"~":"set","v":"abc"}'],
    ['a broken bigint', PayloadCodec.EscapedJson, '{"~":"bigint","v":"zz"}'],
    ['a broken number', PayloadCodec.EscapedJson, '{"~":"number","v":"twelve"}'],
    ['a broken date', PayloadCodec.EscapedJson, '{"~":"date","v":"tomorrow"}'],
    ['a broken regexp', PayloadCodec.EscapedJson, '{"~":"regexp","v":["(",""]}'],
    ['a broken URL', PayloadCodec.EscapedJson, '{"~":"url","v":"//"}'],
    ['an unknown binary in JSON', PayloadCodec.EscapedJson, '{"~":"binary","v":[99,""]}'],
    ['an error of an unknown class', PayloadCodec.EscapedJson, '{"~":"error","v":["Function",{}]}'],
    ['an error of nothing', PayloadCodec.EscapedJson, '{"~":"error","v":["Error",null]}'],
    [
      'an instance of a class that is not registered',
      PayloadCodec.EscapedJson,
      '{"~":"instance","v":["Function","process.exit()"]}',
    ],
    ['a sparse array without holes', PayloadCodec.EscapedJson, '{"~":"sparse","v":[[1]]}'],
    ['an unknown kind of binary', PayloadCodec.Binary, Buffer.from([99, 0, 0, 0, 0])],
    ['a float and a half', PayloadCodec.Binary, Buffer.from([11, 0, 0, 0, 0, 0, 0])],
    ['a binary without kind', PayloadCodec.Binary, ''],
    ['escapes nested 100,000 deep', PayloadCodec.EscapedJson, `${'{"~":"set","v":['.repeat(1e5)}${']}'.repeat(1e5)}`],
  ])('that is %s is unreadable', (_, codec, payload) => {
    expect(() => readForged(codec, payload)).toThrow(UnreadableError);
  });

  it('says nothing of its text in the error', () => {
    const read = (): unknown => readForged(PayloadCodec.Json, 'secret text');
    expect(read).toThrow(new UnreadableError('payload'));
    expect(read).toThrow(expect.not.objectContaining({ cause: expect.anything() as unknown }));
  });

  it('does not reach a prototype', () => {
    readForged(
      PayloadCodec.EscapedJson,
      '{"__proto__":{"polluted":1},"a":{"~":"object","v":[["__proto__",{"polluted":1}]]}}',
    );
    readForged(PayloadCodec.EscapedJson, '{"~":"dictionary","v":[["__proto__",{"polluted":1}]]}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('with an unknown codec is unreadable', () => {
    expect(readForged(3, 'x')).toEqual({ kind: 'unreadable', reason: 'unknown-codec' });
  });

  it('nested a million deep does not overflow the stack', () => {
    expect(readForged(PayloadCodec.Json, '['.repeat(1e6) + ']'.repeat(1e6))).toHaveLength(1);
  });

  it('of a deeply nested value overflow no stack when the value is walked', () => {
    const value = readForged(PayloadCodec.Json, '['.repeat(1e5) + ']'.repeat(1e5));
    expect(Object.isFrozen(freezePlain(value))).toBe(true);
    expect(estimateSize(value)).toBeGreaterThan(1e5);
  });
});

describe('a decompression bomb', () => {
  const bomb = Buffer.alloc(64_000_000);

  it('that admits its size is refused unopened', () => {
    expect(readForged(PayloadCodec.Binary, compressed(bomb, bomb.length), 1)).toEqual({
      kind: 'unreadable',
      reason: 'too-large',
    });
  });

  it('that lies about its size is stopped there', () => {
    expect(() => readForged(PayloadCodec.Binary, compressed(bomb, 1_000), 1)).toThrow(UnreadableError);
    expect(() => readForged(PayloadCodec.Binary, compressed(bomb, 0), 1)).toThrow(UnreadableError);
  });

  it('of garbage or nothing is unreadable', () => {
    expect(() => readForged(PayloadCodec.Binary, Buffer.from([9, 0, 0, 0, 1, 2, 3]), 1)).toThrow(UnreadableError);
    expect(readForged(PayloadCodec.Binary, Buffer.from([9]), 1)).toEqual({ kind: 'unreadable', reason: 'truncated' });
  });
});

describe('forged dependencies', () => {
  it.each<[string, (bytes: Buffer) => void]>([
    ['a section longer than the entry', (bytes) => bytes.writeUInt32LE(0xffff_ffff, 60)],
    ['a section that ends early', (bytes) => bytes.writeUInt32LE(3, 60)],
    ['more generations than fit', (bytes) => bytes.writeUInt8(255, 64)],
    ['four billion tags', (bytes) => bytes.writeUInt32LE(0xffff_ffff, 64 + 1 + 24)],
    ['no tags although there is one', (bytes) => bytes.writeUInt32LE(0, 64 + 1 + 24)],
    ['a tag longer than the section', (bytes) => bytes.writeUInt16LE(0xffff, 64 + 1 + 24 + 4)],
  ])('%s is unreadable', (_, damage) => {
    const bytes = encodeEntry(header, 1, limits) as Buffer;
    damage(bytes);
    bytes.writeUInt32LE(checksumOf(bytes, 32, (bytes[2] as number) + (bytes[3] as number) * 0x100), 4);
    expect(decodeSlot(bytes, limits)).toEqual({ kind: 'unreadable', reason: 'truncated' });
  });
});
