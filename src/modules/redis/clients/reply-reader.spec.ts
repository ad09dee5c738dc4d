import fc from 'fast-check';
import { type Reply, ReplyReader } from './reply-reader.js';

const BREAK = '\r\n';

/** A reply as Redis writes it. */
function written(reply: Reply): Buffer {
  if (reply === null) return Buffer.from(`$-1${BREAK}`);
  if (typeof reply === 'number') return Buffer.from(`:${reply}${BREAK}`);
  if (reply instanceof Error) return Buffer.from(`-${reply.message}${BREAK}`);
  if (Array.isArray(reply)) return Buffer.concat([Buffer.from(`*${reply.length}${BREAK}`), ...reply.map(written)]);
  return Buffer.concat([Buffer.from(`$${reply.length}${BREAK}`), reply, Buffer.from(BREAK)]);
}

function readAll(chunks: readonly Buffer[]): Reply[] {
  const replies: Reply[] = [];
  const reader = new ReplyReader((reply) => replies.push(reply));
  for (const chunk of chunks) reader.write(chunk);
  return replies;
}

const anyReply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { depthSize: 'small' },
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.stringMatching(/^[A-Z]{1,9} [a-z ]{0,30}$/).map((message) => new Error(message)),
    fc.array(tie('reply'), { maxLength: 5 }),
  ),
})).reply;

describe('ReplyReader', () => {
  it('reads whatever Redis writes, wherever the socket cuts it', () => {
    fc.assert(
      fc.property(fc.array(anyReply, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (replies, cuts) => {
        const bytes = Buffer.concat(replies.map(written));
        const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
        places.sort((a, b) => a - b);
        const chunks = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
        const read = readAll(chunks);
        expect(Buffer.concat(read.map(written))).toEqual(bytes);
        expect(read).toHaveLength(replies.length);
      }),
    );
  });

  describe('for a listener that takes items as they come', () => {
    const items: Reply[] = [Buffer.from('a'), null, [Buffer.from('inner'), [1, null]], Buffer.from('d'), []];
    const failed = new Error('ERR no');
    const replies: Reply[] = [7, items, [], items, Buffer.from('z'), null, failed, Buffer.from('last')];
    /** Of each reply but the empty array and the error, which have no items. */
    const wanted = [false, true, false, true, true, false];

    const readInto = (chunkBytes: number) => {
      const told: Reply[][] = [];
      const read: Reply[] = [];
      const expected = [...wanted];
      const reader = new ReplyReader(
        (reply) => read.push(reply),
        () => {
          if (expected.shift() !== true) return undefined;
          const taken: Reply[] = [];
          told.push(taken);
          return (item) => taken.push(Buffer.isBuffer(item) ? Buffer.from(item) : item);
        },
      );
      // One memory for every chunk, as a socket that reads into a buffer of its own has it.
      const memory = Buffer.alloc(chunkBytes);
      const bytes = Buffer.concat(replies.map(written));
      for (let at = 0; at < bytes.length; at += chunkBytes)
        reader.write(memory.subarray(0, bytes.copy(memory, 0, at, at + chunkBytes)));
      memory.fill(0);
      return { told, read };
    };

    it.each([1, 2, 3, 5, 8, 13, 1_000])('chunks of %i bytes in the same memory', (chunkBytes) => {
      const { told, read } = readInto(chunkBytes);
      expect(told).toEqual([items, [Buffer.from('z')], [null]]);
      expect(read).toEqual([7, [], [], items, [], [], expect.any(Error), Buffer.from('last')]);
    });
  });

  it('reads byte by byte', () => {
    const replies: Reply[] = [Buffer.from('a\r\nb'), null, -42, [[], [Buffer.alloc(0), 7]], Buffer.alloc(0)];
    const bytes = Buffer.concat(replies.map(written));
    expect(readAll(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(replies);
  });

  it('gives the bytes of a status, null for a null array, and an error for an error, in arrays too', () => {
    const [ok, none, failed, mixed] = readAll([
      Buffer.from('+OK\r\n*-1\r\n-WRONGTYPE not a string\r\n*2\r\n-ERR x\r\n:1\r\n'),
    ]);
    expect(ok).toEqual(Buffer.from('OK'));
    expect(none).toBeNull();
    expect(failed).toMatchObject({ name: 'ReplyError', message: 'WRONGTYPE not a string' });
    expect(mixed).toMatchObject([{ name: 'ReplyError', message: 'ERR x' }, 1]);
  });

  it('copies a value only when it came in several pieces', () => {
    const whole = written(Buffer.from('value'));
    const [inPlace] = readAll([whole]) as Buffer[];
    const [assembled] = readAll([whole.subarray(0, 6), whole.subarray(6)]) as Buffer[];
    expect(inPlace!.buffer).toBe(whole.buffer);
    expect(assembled!.buffer).not.toBe(whole.buffer);
    expect(assembled).toEqual(inPlace);
  });

  it('refuses bytes that are not RESP2', () => {
    expect(() => readAll([Buffer.from('HTTP/1.1 400 Bad Request\r\n')])).toThrow('Not RESP2');
  });

  it.each(['$x\r\n', '$1e3\r\n', ':\r\n', '*1.5\r\n', `$${'9'.repeat(20)}\r\n`])(
    'refuses the number in %j',
    (bytes) => {
      expect(() => readAll([Buffer.from(bytes)])).toThrow('Not RESP2');
    },
  );
});
