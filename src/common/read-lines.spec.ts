import { Readable } from 'node:stream';
import { LineTooLongError, readLines } from './read-lines.js';

async function read(input: Readable, maxBytes: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(input, maxBytes)) lines.push(line);
  return lines;
}
const linesOf = (chunks: readonly (string | Buffer)[], maxBytes = 100) => read(Readable.from(chunks), maxBytes);

describe('the lines of a stream', () => {
  it.each([
    [['a\nb\n'], ['a', 'b']],
    [['a\r\nb'], ['a', 'b']],
    [
      ['a', 'b\nc', 'd'],
      ['ab', 'cd'],
    ],
    [['a\n\n\nb\n'], ['a', '', '', 'b']],
    [
      ['a\r', '\nb'],
      ['a', 'b'],
    ],
    [[], []],
    [['\n'], ['']],
  ])('of %j are %j', async (chunks, lines) => {
    expect(await linesOf(chunks)).toEqual(lines);
  });

  it('keep characters whose bytes arrive apart', async () => {
    const bytes = Buffer.from('jär 🫙\n');
    expect(await linesOf([...bytes].map((byte) => Buffer.of(byte)))).toEqual(['jär 🫙']);
  });

  it('may have as many bytes as they may, and no more', async () => {
    expect(await linesOf(['123\n456'], 3)).toEqual(['123', '456']);
    await expect(linesOf(['123\n4567\n'], 3)).rejects.toEqual(new LineTooLongError(2, 3));
  });

  it('are refused before they have arrived whole, and leave the stream as it is', async () => {
    let sent = 0;
    const endless = new Readable({
      read() {
        sent += 1;
        this.push('x'.repeat(100));
      },
    });
    await expect(read(endless, 1_000)).rejects.toThrow('Line 1 is longer than 1000 bytes.');
    expect(sent).toBeLessThan(1_000);
    expect(endless.destroyed).toBe(false);
    endless.destroy();
  });
});
