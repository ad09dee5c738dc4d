import { Readable } from 'node:stream';
import { inGroups, readTextLines, type TextLine } from './text-lines.js';

const read = (text: string): Promise<TextLine[]> => Readable.from(readTextLines(Readable.from([text]))).toArray();

describe('text lines', () => {
  it('are JSON texts, objects with a text, or plain lines', async () => {
    expect(await read('"one"\n{"text":"two","id":"b"}\nthree\n')).toEqual([
      { id: 1, text: 'one' },
      { id: 'b', text: 'two' },
      { id: 3, text: 'three' },
    ]);
  });

  it('count empty lines and skip them, whatever ends a line', async () => {
    expect(await read('a\r\n\r\n  \r\nb')).toEqual([
      { id: 1, text: 'a' },
      { id: 4, text: 'b' },
    ]);
  });

  it.each(['{"text":5}', '{"texts":"x"}', '"open'])(
    'that begin as JSON and are no text are an error that names the line: %s',
    async (line) => {
      await expect(read(`fine\n${line}\n`)).rejects.toThrow('Line 2');
    },
  );

  it('come in groups, the last one smaller', async () => {
    const lines = readTextLines(Readable.from(['a\nb\nc\n']));
    const groups: TextLine[][] = await Readable.from(inGroups(lines, 2)).toArray();
    expect(groups.map((group) => group.map(({ text }) => text))).toEqual([['a', 'b'], ['c']]);
  });
});
