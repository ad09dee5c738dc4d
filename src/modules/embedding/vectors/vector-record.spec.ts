import { fromFloat32Bytes } from '../numbers/float32-bytes.js';
import { decodeVectorRecord, encodeVectorRecord } from './vector-record.js';

const vector = Float32Array.of(0.25, -0.5, 1);
const record = encodeVectorRecord({ vector, tokens: 7, createdAtMs: 1_750_000_000_000, codec: 'f32' });

describe('vector record', () => {
  it('has the layout that instances of every version share', () => {
    expect(Buffer.from(record).toString('hex')).toBe(
      ['01', '01', '0000', '03000000', '07000000', '0000c00d42777942', '0000803e', '000000bf', '0000803f'].join(''),
    );
  });

  it('gives back the vector, its tokens and its age', () => {
    const decoded = decodeVectorRecord(record, 3);
    expect(decoded).toMatchObject({ tokens: 7, createdAtMs: 1_750_000_000_000, dimensions: 3, codec: 'f32' });
    expect(fromFloat32Bytes(decoded!.bytes)).toEqual(vector);
  });

  it('reads from any offset, as slices of Redis replies have', () => {
    for (const offset of [1, 2, 3, 5]) {
      const reply = Buffer.alloc(offset + record.length);
      reply.set(record, offset);
      expect(fromFloat32Bytes(decodeVectorRecord(reply.subarray(offset), 3)!.bytes)).toEqual(vector);
    }
  });

  it('reads every codec, whichever is configured', () => {
    for (const codec of ['f16', 'int8'] as const) {
      const stored = encodeVectorRecord({ vector, tokens: 1, createdAtMs: 0, codec });
      expect(decodeVectorRecord(stored, 3)).toMatchObject({ codec, dimensions: 3 });
    }
  });

  it.each([
    ['nothing', undefined],
    ['a string', 'vector'],
    ['too few bytes for a header', record.subarray(0, 19)],
    ['a vector cut short', record.subarray(0, -1)],
    ['more bytes than numbers', Buffer.concat([record, Buffer.alloc(1)])],
    ['another version', Buffer.concat([Buffer.of(9), record.subarray(1)])],
    ['an unknown codec', Buffer.concat([record.subarray(0, 1), Buffer.of(9), record.subarray(2)])],
  ])('takes %s for a miss', (_name, stored) => {
    expect(decodeVectorRecord(stored, 3)).toBeUndefined();
  });

  it('takes a vector of another width for a miss', () => {
    expect(decodeVectorRecord(record, 4)).toBeUndefined();
  });
});
